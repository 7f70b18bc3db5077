/** Header values with addresses, lists and parameters (RFC 3261 7.3.1, 20.10, 25.1). One pass, no backtracking. */
import { ReadTexts } from '../../base/read-texts.ts';
import { hasControl } from './characters.ts';
import { TOKEN } from './grammar.ts';

/** One address with header parameters, as in From, To and each Contact. RFC 3261 20.10. */
export interface NameAddr {
  /** Without quotes and backslashes; it may hold controls (RFC 4475 3.1.1.2): check before sending. */
  readonly display: string | undefined;
  readonly uri: string;
  /** Names lower case, quotes removed; the first of two equal names counts. */
  readonly params: ReadonlyMap<string, string | undefined>;
}

const BLANKS = /[ \t]*/y;
const NAME = new RegExp(TOKEN, 'y');
/** Wider than `gen-value`: phones send `/`, `=` and `@` unquoted. What could end the value is not in it. */
const BARE_VALUE = /[^\p{Cc}\s",;<>]*/uy;
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\p{Cc}\s<>"]+$/u;

/** Index behind the longest match of a sticky pattern at `at`. */
function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Index behind the closing quote of the quoted-string that begins at `at`, -1 if it never closes. */
function afterQuoted(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return -1;
}

const unquote = (quoted: string): string => quoted.slice(1, -1).replace(/\\(.)/gsu, '$1');

/**
 * Header parameters `;name[=value]…` from `at` to the end; undefined when they can't be read. RFC 3261 25.1,
 * `generic-param`. Empty ones (`;;`, a last `;`) are passed over, a space around `;` and `=` is legal.
 */
export function parseParams(text: string, at: number): Map<string, string | undefined> | undefined {
  const params = new Map<string, string | undefined>();
  for (let i = after(BLANKS, text, at); i < text.length; i = after(BLANKS, text, i)) {
    if (text[i] !== ';') return undefined;
    i = after(BLANKS, text, i + 1);
    const nameEnd = after(NAME, text, i);
    if (nameEnd === i) {
      if (i === text.length || text[i] === ';') continue;
      return undefined;
    }
    const name = text.slice(i, nameEnd).toLowerCase();
    let value: string | undefined;
    i = after(BLANKS, text, nameEnd);
    if (text[i] === '=') {
      i = after(BLANKS, text, i + 1);
      const quoted = text[i] === '"';
      const end = quoted ? afterQuoted(text, i) : after(BARE_VALUE, text, i);
      if (end === -1) return undefined;
      value = quoted ? unquote(text.slice(i, end)) : text.slice(i, end);
      i = end;
    }
    if (!params.has(name)) params.set(name, value);
  }
  return params;
}

/** Where the URI of a name-addr stands, and the display name before it. */
function openBracket(
  text: string,
): { readonly display: string | undefined; readonly at: number } | undefined {
  if (text.startsWith('"')) {
    const end = afterQuoted(text, 0);
    const at = end === -1 ? -1 : after(BLANKS, text, end);
    return at !== -1 && text[at] === '<' ? { display: unquote(text.slice(0, end)), at } : undefined;
  }
  const at = text.indexOf('<');
  const head = text.slice(0, Math.max(at, 0));
  // A comma here may as well be two headers that were joined; the others belong to no display name.
  if (at === -1 || /[",;>]/.test(head) || hasControl(head)) return undefined;
  return { display: head.trim() === '' ? undefined : head.trim(), at };
}

/**
 * Reads one name-addr or addr-spec with its header parameters; undefined if it is none, or more than one.
 *
 * Without angle brackets, everything from the first `;` on is a header parameter, and `?` or `,` is not allowed
 * (RFC 3261 20.10, RFC 4475 3.1.2.13). Display names are taken as phones send them, also unquoted with characters
 * outside of `token`.
 */
export function parseNameAddr(text: string): NameAddr | undefined {
  return READ.of(text);
}

const READ = new ReadTexts(512, 'name-addrs', 300, (text) => readAnew(text.trim()));

function readAnew(value: string): NameAddr | undefined {
  const open = openBracket(value);
  let uri: string;
  let rest: number;
  if (open === undefined) {
    if (value.startsWith('"')) return undefined;
    const semicolon = value.indexOf(';');
    rest = semicolon === -1 ? value.length : semicolon;
    uri = value.slice(0, rest).trimEnd();
    if (/[?,]/.test(uri)) return undefined;
  } else {
    const close = value.indexOf('>', open.at);
    if (close === -1) return undefined;
    uri = value.slice(open.at + 1, close).trim();
    rest = close + 1;
  }
  if (!ABSOLUTE_URI.test(uri)) return undefined;
  const params = parseParams(value, rest);
  return params === undefined ? undefined : { display: open?.display, uri, params };
}

/**
 * The entries of a comma list, trimmed, without empty ones. Commas inside quotes and angle brackets do not count;
 * what is never closed reaches to the end. RFC 3261 7.3.1.
 */
export function splitList(value: string): readonly string[] {
  if (!value.includes(',')) {
    const only = value.trim();
    return only === '' ? [] : [only];
  }
  const entries: string[] = [];
  let start = 0;
  let i = 0;
  while (i < value.length) {
    const char = value[i];
    if (char === ',') {
      entries.push(value.slice(start, i));
      start = i + 1;
    }
    const end = char === '"' ? afterQuoted(value, i) : char === '<' ? value.indexOf('>', i) + 1 : i + 1;
    i = end <= 0 ? value.length : end;
  }
  entries.push(value.slice(start));
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
}
