/**
 * Which requests must get an answer. A judge of its own, that shares no code with what it judges, and a narrow one: of a
 * request that it lets pass nobody can say that it was not to be understood, or that its sender could not be told so.
 */
import { BRANCH } from './corpus/draft.ts';

export interface Sent {
  readonly bytes: Buffer;
  readonly transport: 'UDP' | 'TCP';
  /** host:port of the sender. */
  readonly peer: string;
  readonly run: string;
  readonly nr: number;
}

const METHODS = 'REGISTER|MESSAGE|SUBSCRIBE|PUBLISH|OPTIONS|NOTIFY|INFO';
const HOST = String.raw`(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|127\.\d+\.\d+\.\d+`;
const PORT = String.raw`(?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?`;
const URI = String.raw`sip:(?:[A-Za-z0-9._-]{1,64}@)?(?:${HOST})${PORT}`;
const START = new RegExp(`^(${METHODS}) ${URI} SIP/2\\.0$`);
const LINE = /^[A-Za-z][A-Za-z0-9-]*: ?[!-~](?:[ -~]*[!-~])?$/;
const ADDRESS = new RegExp(`^(?:"[A-Za-z ,]*" )?<${URI}>(;tag=[A-Za-z0-9.-]{1,64})?$`);
const CALL_ID = /^[A-Za-z0-9.@-]{1,200}$/;

const LONG: Readonly<Record<string, string>> = {
  f: 'from',
  i: 'call-id',
  l: 'content-length',
  m: 'contact',
  t: 'to',
  v: 'via',
};
/** What is needed for an answer to find its way: once each. */
const NEEDED = ['via', 'from', 'to', 'call-id', 'cseq'] as const;
/** drachtio-server forwards, or dies of, some of these before an application sees them. */
const NOT_OURS: ReadonlySet<string> = new Set(['route', 'replaces', 'proxy-require']);
/** Both servers refuse longer lines; over TCP without a word. */
const LONGEST_LINE = 8_000;

export function mustBeAnswered(sent: Sent): boolean {
  const { bytes, transport } = sent;
  if (bytes.length > 60_000) return false;
  const whole = bytes.toString('latin1');
  const end = whole.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const [start = '', ...lines] = whole.slice(0, end).split('\r\n');
  const method = START.exec(start)?.[1];
  if (method === undefined || !lines.every((line) => LINE.test(line) && line.length < LONGEST_LINE))
    return false;
  const headers = headersOf(lines);
  if (NEEDED.some((name) => headers.get(name)?.length !== 1)) return false;
  if ([...headers.keys()].some((name) => NOT_OURS.has(name))) return false;
  const one = (name: string) => headers.get(name)?.[0] ?? '';
  const body = whole.slice(end + 4);
  return (
    one('via') === viaOf(sent) &&
    (ADDRESS.exec(one('from'))?.[1] ?? '') !== '' &&
    ADDRESS.test(one('to')) &&
    CALL_ID.test(one('call-id')) &&
    /^\d{1,9} [A-Z]+$/.test(one('cseq')) &&
    one('cseq').endsWith(` ${method}`) &&
    isFramed(transport, headers.get('content-length'), body) &&
    (method !== 'SUBSCRIBE' || canMakeDialog(headers.get('contact')))
  );
}

function viaOf({ transport, peer, run, nr }: Omit<Sent, 'bytes'>): string {
  return `SIP/2.0/${transport} ${peer};rport;branch=${branchOf(run, nr)}`;
}

export function branchOf(run: string, nr: number): string {
  return BRANCH.replace('{run}', run).replace('{nr}', String(nr));
}

function headersOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const key = LONG[name] ?? name;
    headers.set(key, [...(headers.get(key) ?? []), line.slice(name.length + 1).trim()]);
  }
  return headers;
}

/** Can the receiver tell where the message ends? A body is text: of others a stream has nothing to say. */
function isFramed(transport: 'UDP' | 'TCP', lengths: readonly string[] = [], body: string): boolean {
  const [length, ...more] = lengths;
  if (more.length > 0 || body.includes('\0')) return false;
  if (body.split('\n').some((line) => line.length > LONGEST_LINE)) return false;
  if (length === undefined) return transport === 'UDP';
  if (!/^\d{1,6}$/.test(length)) return false;
  return transport === 'TCP' ? Number(length) === body.length : Number(length) <= body.length;
}

/** drachtio-server dies of answers to some others; they get none (docs/drachtio-server.md). */
function canMakeDialog(contacts: readonly string[] = []): boolean {
  return contacts.length === 1 && new RegExp(`^<${URI}>$`).test(contacts[0] ?? '');
}
