/** The devices behind the senders' sockets: they look at what reaches them, and answer. */
import { INJECTED } from '../mutate/dictionary.ts';

/** Headers of which a request has one. */
const SINGLE = [
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-type',
  'content-length',
  'event',
  'subscription-state',
  'date',
  'expires',
];

/** As latin1 a byte of UTF-8 text may look like a C1 control. */
const CONTROL = /(?![\t\u0080-\u009f])\p{Cc}/u;

export interface Arrived {
  readonly start: string;
  readonly lines: readonly string[];
  readonly body: Buffer;
}

export function read(bytes: Buffer): Arrived {
  const end = bytes.indexOf('\r\n\r\n');
  const [start = '', ...lines] = bytes.toString('latin1', 0, end < 0 ? bytes.length : end).split('\r\n');
  return { start, lines, body: end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + 4) };
}

export function valueOf({ lines }: Pick<Arrived, 'lines'>, name: string): string {
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}

/** What is broken about a request that the application has sent; undefined when nothing is. */
export function brokenness({ start, lines, body }: Arrived): string | undefined {
  // With two, a server has forwarded what somebody else wrote.
  if (lines.filter((line) => /^via:/i.test(line)).length > 1) return undefined;
  if (!/^[A-Z]+ \S+ SIP\/2\.0$/.test(start)) return `the start line is ${JSON.stringify(start)}`;
  for (const line of lines) {
    if (CONTROL.test(line)) return `a control character in ${JSON.stringify(line)}`;
    if (!/^[A-Za-z0-9.!%*_+`'~-]+:/.test(line)) return `no header: ${JSON.stringify(line)}`;
    if (line.startsWith(`${INJECTED}:`)) return `a header broke out of a value: ${JSON.stringify(line)}`;
  }
  const names = lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
  const twice = SINGLE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) return `two ${twice}`;
  const length = valueOf({ lines }, 'content-length');
  if (length !== String(body.length)) return `Content-Length ${length}, ${body.length} bytes of body`;
  return undefined;
}

/** The answer by a template of corpus/answers.ts; default: 200. */
export function answerTo(request: Arrived, template = OK): string {
  const vias = request.lines.filter((line) => /^via:/i.test(line)).map((line) => line.slice(4).trim());
  return template
    .replaceAll('{via}', vias.join('\r\nVia: '))
    .replaceAll('{from}', valueOf(request, 'from'))
    .replaceAll('{to}', valueOf(request, 'to'))
    .replaceAll('{call-id}', valueOf(request, 'call-id'))
    .replaceAll('{cseq}', valueOf(request, 'cseq'));
}

const OK = [
  'SIP/2.0 200 OK',
  'Via: {via}',
  'From: {from}',
  'To: {to};tag=device',
  'Call-ID: {call-id}',
  'CSeq: {cseq}',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');
