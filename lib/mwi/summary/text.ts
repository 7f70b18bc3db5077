/** Lexical rules of RFC 3261 25.1, as sticky patterns, and the little text work around them. */
import { TOKEN as TOKEN_PATTERN } from '../../sip/read/grammar.ts';

const LWS = '(?:[ \\t]*\\r\\n)?[ \\t]+';
const SWS = `(?:${LWS})?`;

export const CRLF = /\r\n/y;
export const BLANKS = /[ \t]*/y;
/** `HCOLON` behind its first blanks, and `SLASH`: what a separator may drag along. */
export const SEPARATOR_SPACE = new RegExp(SWS, 'y');
export const LPAREN = new RegExp(`${SWS}\\(${SWS}`, 'y');
export const RPAREN = new RegExp(`${SWS}\\)${SWS}`, 'y');
export const DIGITS = /[0-9]+/y;
/** A whole, well-formed pair or two of counts up to the end of the line. */
export const COUNTS = new RegExp(
  `[0-9]+${SWS}/${SWS}[0-9]+(?:${SWS}\\(${SWS}[0-9]+${SWS}/${SWS}[0-9]+${SWS}\\)${SWS})?[ \\t]*\\r\\n`,
  'y',
);
export const TOKEN = new RegExp(TOKEN_PATTERN, 'y');
/** `header-value`: text, blanks and folds, that is line ends with a blank behind. */
export const HEADER_VALUE = /(?:[\t\x20-\x7e\x80-\uffff]+|\r\n[\t ])*/y;
/** Blanks and folds that end a line: nothing, to a reader that means well. */
export const TRAILING_SPACE = /(?:[ \t]|\r\n[ \t])+(?=\r\n)/y;
/** To the end of the line, folds not followed. */
export const REST_OF_LINE = /[^\r\n]*/y;

/** Whether the text can be a header value on one line. */
export function isHeaderText(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\uffff]*$/.test(text) && lossAt(text) < 0;
}

/** The text without blanks and tabs at its ends (`trim` would also take spaces that are part of a value). */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

/** A header value on one line: each fold is one blank (RFC 3261 7.3.1). */
export function unfold(value: string): string {
  return value
    .split('\r\n')
    .map(trimBlanks)
    .filter((piece) => piece !== '')
    .join(' ');
}

/**
 * Where the text holds what no UTF-8 body decodes to (half a surrogate pair) or what decoders put where the bytes
 * were no UTF-8 (U+FFFD): something was lost on the way; -1 when nothing was.
 */
export function lossAt(text: string): number {
  return text.search(/[\ud800-\udfff\ufffd]/u);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}
