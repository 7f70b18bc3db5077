/** Which header values are no good: what sofia-sip, under drachtio-server, refuses among the headers met here. */
import { readCSeq, type Header } from './message.ts';
import { TOKEN } from './token.ts';
import { readNameAddr, splitList } from './uri.ts';
import { readVia } from './via.ts';

const DIGITS = /^\d{1,10}$/;
const STARTS_WITH_TOKEN = new RegExp(`^${TOKEN}(?:$|[\\s;])`);
const MEDIA_TYPE = new RegExp(`^${TOKEN}\\s*/\\s*${TOKEN}\\s*(;[^]*)?$`);
const ACCEPT_ITEM = new RegExp(`^${TOKEN}\\s*/\\s*${TOKEN}\\s*(;[^]*)?$`);
const TOKEN_LIST = new RegExp(`^(${TOKEN}\\s*(,\\s*|$))*$`);
const CALL_ID = /^[^\s]+$/;
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function address(value: string): boolean {
  const name = readNameAddr(value);
  return name !== undefined && /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?[^\s:;@]/.test(name.uri);
}

function addresses(value: string): boolean {
  return splitList(value).every(address);
}

function delta(value: string): boolean {
  return DIGITS.test(value) || DATE.test(value);
}

const rules: Readonly<Record<string, (value: string) => boolean>> = {
  accept: (value) => splitList(value).every((item) => item === '' || ACCEPT_ITEM.test(item)),
  authorization: (value) => value !== '',
  'call-id': (value) => CALL_ID.test(value),
  contact: (value) => value === '*' || addresses(value),
  'content-length': (value) => DIGITS.test(value),
  'content-type': (value) => MEDIA_TYPE.test(value),
  cseq: (value) => readCSeq(value) !== undefined,
  date: (value) => DATE.test(value),
  event: (value) => STARTS_WITH_TOKEN.test(value),
  expires: delta,
  from: address,
  'max-forwards': (value) => DIGITS.test(value),
  'min-expires': (value) => DIGITS.test(value),
  path: addresses,
  'record-route': addresses,
  'retry-after': (value) => /^\d{1,10}\s*([;(][^]*)?$/.test(value),
  route: addresses,
  'subscription-state': (value) => STARTS_WITH_TOKEN.test(value),
  supported: (value) => TOKEN_LIST.test(value),
  to: address,
  via: (value) => readVia(value) !== undefined,
};

/** Headers that may stand only once in a message. */
const SINGLE: ReadonlySet<string> = new Set(
  (
    'call-id content-length content-type cseq date event expires from max-forwards mime-version min-expires ' +
    'min-se organization priority refer-to replaces reply-to retry-after server session-expires sip-etag ' +
    'sip-if-match subject subscription-state to user-agent'
  ).split(' '),
);

/** The headers that sofia-sip names when it answers 400; a fault in any other is just a bad request. */
const NAMED: ReadonlyMap<string, string> = new Map(
  'Call-ID Contact Content-Length Content-Type CSeq Event Expires From Record-Route Subscription-State To Via'
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);

/** False when a header of that (full, lower-case) name can't have this value. */
export function isSound(key: string, value: string): boolean {
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
  return rule === undefined || rule(value);
}

export function isSingle(key: string): boolean {
  return SINGLE.has(key);
}

/** The reason phrase of the 400 that the first bad header calls for; undefined when all are sound. */
export function badHeader(headers: readonly Header[]): 'Bad Request' | `Bad ${string} Header` | undefined {
  let anonymous = false;
  const seen = new Set<string>();
  for (const header of headers) {
    const twice = SINGLE.has(header.key) && seen.has(header.key);
    seen.add(header.key);
    if (!twice && header.name !== '' && !/[\s"<>]/.test(header.name) && isSound(header.key, header.value))
      continue;
    const name = NAMED.get(header.key);
    if (name !== undefined) return `Bad ${name} Header`;
    anonymous = true;
  }
  return anonymous ? 'Bad Request' : undefined;
}
