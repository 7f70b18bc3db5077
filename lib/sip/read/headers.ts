/** Reading headers of a request as drachtio-srf hands them over (reference: RFC 3261 7.3 and 20). */
import { ReadTexts } from '../../base/read-texts.ts';
import { compactName, fullName } from './compact.ts';
import { TOKEN } from './grammar.ts';
import { parseParams } from './name-addr.ts';

export { hasControl } from './characters.ts';
export { formatSipDate, parseSipDate } from './date.ts';
export { parseNameAddr, splitList } from './name-addr.ts';

/** What is needed of a request: drachtio-srf's `req.get`, and what it looks in. */
export interface HeaderSource {
  get(name: string): unknown;
  readonly msg?: { readonly headers: Readonly<Record<string, unknown>> };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(textOf).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join(',');
}

/** The letters that drachtio-srf itself takes for the name: asked for both, it gives one answer. */
const MAPPED = new Set(['f', 't', 'i', 'm', 'v', 'c', 'l', 's', 'k']);

/** Names that drachtio-srf keeps as they were sent, and the letter to which it gives a name of its own; all others stand in lower case. */
const AS_SENT = process.env['DRACHTIO_PRESERVE_HEADER_NAMES'] ? /^/ : /^(?:[xp]-|diversion$|e$)/;

/** `req.get` goes through all headers, 1 to 2 µs a question: 15 to 30 questions a request. */
function valueOf(req: HeaderSource, name: string, lower: string, asSent: boolean): string | undefined {
  const value = req.msg?.headers[lower];
  return textOf(value === undefined && (!req.msg || asSent) ? req.get(name) : value);
}

/**
 * The value of a header, also when the peer used its compact form: drachtio-srf maps f t i m v c l s k, leaves the others
 * under their letter, and calls `e` a header that does not exist. Trimmed; a fold (line end and blanks) is one
 * space; undefined when absent. RFC 3261 7.3.1 and 7.3.3.
 *
 * When both forms are there, they are joined with a comma, as drachtio-srf joins a header that is repeated: right
 * for lists, and for all others it makes the damage visible to the parser.
 */
export function header(req: HeaderSource, name: string): string | undefined {
  const { lower, asSent, compact } = spellingsOf(name);
  const long = valueOf(req, name, lower, asSent);
  const short = compact === undefined ? undefined : valueOf(req, compact, compact, AS_SENT.test(compact));
  const value = long === undefined || short === undefined ? (long ?? short) : `${long},${short}`;
  if (value === undefined) return undefined;
  return (value.includes('\n') ? value.replace(/\r?\n[ \t]+/g, ' ') : value).trim();
}

interface Spellings {
  readonly lower: string;
  /** drachtio-srf keeps it as it was sent. */
  readonly asSent: boolean;
  /** The letter, where drachtio-srf does not take it for the name. */
  readonly compact: string | undefined;
}

/** Of names in the code: a dozen questions a request, and always the same thirty. */
const SPELLINGS = new Map<string, Spellings>();
const MOST_NAMES = 500;

function spellingsOf(name: string): Spellings {
  const known = SPELLINGS.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const compact = compactName(lower);
  const found = {
    lower,
    asSent: AS_SENT.test(lower),
    compact: compact === undefined || MAPPED.has(compact) ? undefined : compact,
  };
  // An operator's options may name headers, too.
  if (SPELLINGS.size < MOST_NAMES) SPELLINGS.set(name, found);
  return found;
}

/**
 * The headers of a start line and what follows it, by their names in lower case, compact ones in full. One that stands there several times
 * is joined with commas (RFC 3261 7.3.1 and 7.3.3).
 */
export function headersIn(head: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [given, value] of headerLinesIn(head)) {
    const name = given.toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/** The header lines behind a start line, what is none left out: names in full, folds as one space (RFC 3261 7.3.1). */
export function headerLinesIn(head: string): readonly (readonly [name: string, value: string])[] {
  const text = head.replace(/\r\n[ \t]+/g, ' ');
  const found: (readonly [string, string])[] = [];
  for (let end = text.indexOf('\r\n'); end >= 0;) {
    const start = end + 2;
    end = text.indexOf('\r\n', start);
    const line = text.slice(start, end < 0 ? text.length : end);
    const colon = line.indexOf(':');
    if (colon > 0) found.push([fullName(line.slice(0, colon).trim()), line.slice(colon + 1).trim()]);
  }
  return found;
}

/** RFC 3261 25.1, `delta-seconds`: undefined if the text is no decimal number, at most 2^32-1 (20.19). */
export function deltaSeconds(text: string): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), 0xffff_ffff) : undefined;
}

/** Seconds of the Expires header; undefined when absent, `'bad'` when not a decimal number. RFC 3261 20.19. */
export function expiresOf(req: HeaderSource): number | 'bad' | undefined {
  const value = header(req, 'Expires');
  return value === undefined ? undefined : (deltaSeconds(value) ?? 'bad');
}

const MEDIA_TYPE = new RegExp(`^(${TOKEN})[ \\t]*/[ \\t]*(${TOKEN})$`);

/**
 * Media type and its parameters; undefined if it is not `type/subtype`, or if its parameters can't be read (as
 * when two Content-Type headers were joined). The type and the names are lower case, values as sent without their
 * quotes. RFC 3261 20.15. For sending on, use the header itself.
 */
export function parseContentType(value: string): ContentType | undefined {
  return TYPES.of(value);
}

interface ContentType {
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
}

/** Nearly all messages have one of three. */
const TYPES = new ReadTexts(256, 'content-types', 200, readContentType);

function readContentType(value: string): ContentType | undefined {
  const semicolon = value.indexOf(';');
  const end = semicolon === -1 ? value.length : semicolon;
  const found = MEDIA_TYPE.exec(value.slice(0, end).trim());
  const params = parseParams(value.trimEnd(), end);
  if (found === null || params === undefined) return undefined;
  const entries = Array.from(params, ([name, text]) => [name, text ?? ''] as const);
  return { type: `${found[1] ?? ''}/${found[2] ?? ''}`.toLowerCase(), params: new Map(entries) };
}
