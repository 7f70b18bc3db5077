/** The Event header (RFC 6665 8.2.1, 8.4) and what a subscriber accepts (RFC 3261 20.1). */
import { TOKEN_NODOT } from './grammar.ts';
import { header, splitList, type HeaderSource } from './headers.ts';
import { parseParams } from './name-addr.ts';

export interface EventHeader {
  /** The event type with its templates, lower case. */
  readonly type: string;
  /** An opaque byte string, as it came; '' when there is none. */
  readonly id: string;
}

const TYPE = new RegExp(`^(${TOKEN_NODOT}(?:[.]${TOKEN_NODOT})*)[ \\t]*(?=;|$)`);
/** Parameters one after another, quoted values whole: what looks like an id inside of quotes is none. */
const PARAM = /;[ \t]*([^\s;="]*)[ \t]*(?:=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?[ \t]*/g;

/** Reads the Event header: undefined when absent, `bad` when it is none or more than one. Unknown parameters are legal. */
export function eventOf(req: HeaderSource): EventHeader | 'bad' | undefined {
  const value = header(req, 'Event');
  if (value === undefined) return undefined;
  const type = TYPE.exec(value);
  if (type === null || splitList(value).length !== 1) return 'bad';
  const params = value.slice(type[0].length);
  if (parseParams(params, 0) === undefined) return 'bad';
  return { type: (type[1] ?? '').toLowerCase(), id: idOf(params) };
}

/** As it came, byte for byte; the first of two counts, and a quoted one is none (RFC 6665 8.4: a token). */
function idOf(params: string): string {
  for (const [, name = '', value = ''] of params.matchAll(PARAM))
    if (name.toLowerCase() === 'id') return value.startsWith('"') ? '' : value;
  return '';
}

/** Does the request accept this media type? No Accept header: it takes the default of its event package. */
export function accepts(req: HeaderSource, mediaType: string): boolean {
  const value = header(req, 'Accept');
  if (value === undefined) return true;
  const wanted = [mediaType, `${mediaType.slice(0, mediaType.indexOf('/'))}/*`, '*/*'];
  return splitList(value).some((range) => {
    const [type = '', ...params] = range.split(';').map((part) => part.trim().toLowerCase());
    return wanted.includes(type) && !params.some((param) => /^q\s*=\s*0(?:\.0*)?$/.test(param));
  });
}
