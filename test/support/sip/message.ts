/** SIP as a raw peer reads and writes it. No SIP library, and nothing of the code under test. */
import { randomUUID } from 'node:crypto';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const NOWHERE: Address = { host: '', port: 0 };

/** One message as it came. */
export class Sip {
  readonly bytes: Buffer;
  /** `MESSAGE sip:… SIP/2.0` or `SIP/2.0 200 OK`. */
  readonly start: string;
  /** Of an answer; 0 for a request. */
  readonly status: number;
  /** Of a request; '' for an answer. */
  readonly method: string;
  /** The header lines, unchanged; a folded header is two of them. */
  readonly lines: readonly string[];
  /** All that follows the empty line, whatever Content-Length says. */
  readonly body: Buffer;
  /** Whom it came from. */
  readonly source: Address;
  /** When it came, ms of the steady clock. */
  readonly at = performance.now();
  #headers: readonly (readonly [string, string])[] | undefined;

  constructor(bytes: Buffer, source = NOWHERE) {
    this.bytes = bytes;
    this.source = source;
    const end = bytes.indexOf('\r\n\r\n');
    const [start = '', ...lines] = bytes.toString('utf8', 0, end < 0 ? bytes.length : end).split('\r\n');
    this.start = start;
    this.status = Number(/^SIP\/2\.0 (\d{3})/.exec(start)?.[1] ?? 0);
    this.method = this.status > 0 ? '' : (start.split(' ')[0] ?? '');
    this.lines = lines;
    this.body = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  }

  /** Of an answer, such as `Not Found`. */
  get reason(): string {
    return /^SIP\/2\.0 \d{3} ?(.*)$/.exec(this.start)?.[1] ?? '';
  }

  get text(): string {
    return this.body.toString();
  }

  /** Name, as it is spelled, and value of each, in order. */
  get headers(): readonly (readonly [string, string])[] {
    this.#headers ??= unfolded(this.lines).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
    });
    return this.#headers;
  }

  /** First value of a header in any case, '' when absent. */
  header(name: string): string {
    return this.all(name)[0] ?? '';
  }

  all(name: string): readonly string[] {
    const wanted = name.toLowerCase();
    return this.headers.flatMap(([found, value]) => (found.toLowerCase() === wanted ? [value] : []));
  }

  /** By which an answer finds its request, and a repeat the first one. */
  get transaction(): string {
    const branch = /branch=([^;,\s]+)/.exec(this.header('Via'))?.[1] ?? '';
    return `${branch} ${this.header('CSeq').split(' ').at(-1) ?? ''}`;
  }
}

function unfolded(lines: readonly string[]): readonly string[] {
  if (!lines.some((line) => /^[ \t]/.test(line))) return lines;
  return lines
    .join('\r\n')
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
}

export function tag(value: string): string {
  return /;tag=([^;]*)/.exec(value)?.[1] ?? '';
}

/** `127.0.0.1:5060`, `[::1]:5060`. */
export function hostPort({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A message of these lines; the body's length must be one of them. */
export function written(lines: readonly string[], body: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body)]);
}

export interface RequestParts {
  readonly uri?: string;
  readonly version?: string;
  /** The whole Via value. */
  readonly via?: string;
  readonly branch?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number | string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** Content-Length line, or none when empty. */
  readonly length?: string;
  readonly maxForwards?: string;
}

/** A request with everything a request must have; `parts` bend it. */
export function request(
  peer: Address & { readonly transport: string },
  method: string,
  parts: RequestParts = {},
): Buffer {
  const id = randomUUID();
  const body = Buffer.from(parts.body ?? '');
  const branch = parts.branch ?? `z9hG4bK${id}`;
  const length = parts.length ?? `Content-Length: ${body.length}`;
  const lines = [
    `${method} ${parts.uri ?? 'sip:bob@example.com'} ${parts.version ?? 'SIP/2.0'}`,
    `Via: ${parts.via ?? `SIP/2.0/${peer.transport} ${hostPort(peer)};branch=${branch}`}`,
    `Max-Forwards: ${parts.maxForwards ?? '70'}`,
    `From: ${parts.from ?? `<sip:alice@example.com>;tag=${id}`}`,
    `To: ${parts.to ?? '<sip:bob@example.com>'}`,
    `Call-ID: ${parts.callId ?? id}`,
    `CSeq: ${typeof parts.cseq === 'string' ? parts.cseq : `${parts.cseq ?? 7} ${method}`}`,
    ...(parts.headers ?? []),
    ...(length === '' ? [] : [length]),
  ];
  return written(lines, body);
}

/** The answer a phone would give. */
export function reply(message: Sip, status: number, reason: string, headers: readonly string[] = []): string {
  const to = message.header('To');
  const lines = [
    `SIP/2.0 ${status} ${reason}`,
    ...message.all('Via').map((via) => `Via: ${via}`),
    `From: ${message.header('From')}`,
    `To: ${tag(to) === '' ? `${to};tag=phone` : to}`,
    `Call-ID: ${message.header('Call-ID')}`,
    `CSeq: ${message.header('CSeq')}`,
    ...headers,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
