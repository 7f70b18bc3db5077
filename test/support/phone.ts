/**
 * A scripted SIP phone on a raw socket: independent of the code under test, it reads and writes SIP by itself.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface SipMessageSeen {
  /** `MESSAGE sip:… SIP/2.0` or `SIP/2.0 200 OK`. */
  readonly start: string;
  readonly method: string;
  /** 0 for a request. */
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** When it arrived, ms of the steady clock. */
  readonly at: number;
  /** First value of a header, '' when absent. */
  header(name: string): string;
}

/** What a phone does with a request: a status, more exactly an answer (`twice`: sent two times), anything, or silence. */
export type Reaction =
  | number
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly twice?: boolean;
    }
  | { readonly raw: (request: SipMessageSeen) => string }
  | 'silence';

export interface PhoneOptions {
  readonly server: { readonly host: string; readonly port: number };
  readonly transport?: 'udp' | 'tcp';
  readonly domain?: string;
  /** Reaction to a request; default 200 to all. */
  readonly react?: (request: SipMessageSeen, nth: number) => Reaction | Promise<Reaction>;
}

export interface RegisterOptions {
  readonly expires?: number;
  /** Contact header value; default: this phone's contact. */
  readonly contact?: string;
  /** Parameters after the default contact, e.g. `;q=0.5`. */
  readonly params?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly callId?: string;
  readonly cseq?: number;
}

export interface MessageOptions {
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly uri?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly tag?: string;
  readonly branch?: string;
  /** Value of Content-Length; null leaves the header out. */
  readonly contentLength?: number | null;
}

const TIMEOUT = 10_000;

export class Phone {
  readonly name: string;
  readonly domain: string;
  /** Requests received, retransmissions left out. */
  readonly requests: SipMessageSeen[] = [];
  react: NonNullable<PhoneOptions['react']>;
  #server: PhoneOptions['server'];
  readonly #transport: 'udp' | 'tcp';
  readonly #answers = new Map<string, (answer: SipMessageSeen) => void>();
  readonly #answered = new Map<string, Buffer | undefined>();
  readonly #waiters = new Set<() => void>();
  #udp: UdpSocket | undefined;
  #tcp: Socket | undefined;
  #port = 0;
  /** Our own host as it stands in a URI. */
  readonly #host: string;
  #cseq = 0;
  readonly #callId = randomBytes(6).toString('hex');

  private constructor(name: string, options: PhoneOptions) {
    this.name = name;
    this.domain = options.domain ?? 'example.org';
    this.react = options.react ?? (() => 200);
    this.#server = options.server;
    this.#transport = options.transport ?? 'udp';
    this.#host = options.server.host.includes(':') ? '[::1]' : '127.0.0.1';
  }

  static async start(name: string, options: PhoneOptions): Promise<Phone> {
    const phone = new Phone(name, options);
    if (phone.#transport === 'udp') {
      const socket = createSocket(phone.#host === '[::1]' ? 'udp6' : 'udp4');
      socket.on('message', (bytes, from) => phone.#receive(bytes, from));
      socket.bind(0, phone.#host.replace(/[[\]]/g, ''));
      await once(socket, 'listening');
      phone.#udp = socket;
      phone.#port = socket.address().port;
    } else {
      const socket = connect(options.server.port, options.server.host);
      await once(socket, 'connect');
      let buffer: Buffer = Buffer.alloc(0);
      socket.on('data', (data) => {
        buffer = Buffer.concat([buffer, data]);
        buffer = phone.#takeMessages(buffer);
      });
      socket.on('error', () => undefined);
      phone.#tcp = socket;
      phone.#port = socket.localPort ?? 0;
    }
    return phone;
  }

  /** What it sends from now on goes there (UDP). */
  moveTo(server: PhoneOptions['server']): void {
    this.#server = server;
  }

  get aor(): string {
    return `${this.name}@${this.domain}`;
  }

  get contact(): string {
    return `<sip:${this.name}@${this.#host}:${this.#port}${this.#transport === 'tcp' ? ';transport=tcp' : ''}>`;
  }

  /** MESSAGEs received, in order. */
  get messages(): readonly SipMessageSeen[] {
    return this.requests.filter((request) => request.method === 'MESSAGE');
  }

  /** Bodies of the MESSAGEs received, as text. */
  get texts(): readonly string[] {
    return this.messages.map((message) => message.body.toString());
  }

  register(options: RegisterOptions = {}): Promise<SipMessageSeen> {
    const contact = options.contact ?? `${this.contact}${options.params ?? ''}`;
    return this.request('REGISTER', `sip:${this.domain}`, this.aor, {
      ...(contact === '' ? {} : { Contact: contact }),
      ...(options.expires === undefined ? {} : { Expires: String(options.expires) }),
      'Call-ID': options.callId ?? this.#callId,
      ...(options.cseq === undefined ? {} : { CSeq: `${options.cseq} REGISTER` }),
      ...options.headers,
    });
  }

  unregister(): Promise<SipMessageSeen> {
    return this.register({ expires: 0 });
  }

  /** Sends a MESSAGE and resolves with the final answer. */
  message(to: string, body: string | Buffer, options: MessageOptions = {}): Promise<SipMessageSeen> {
    const aor = to.includes('@') ? to : `${to}@${this.domain}`;
    const type = options.contentType === undefined ? 'text/plain' : options.contentType;
    return this.request(
      'MESSAGE',
      options.uri ?? `sip:${aor}`,
      aor,
      {
        ...(options.to === undefined ? {} : { To: options.to }),
        ...(type === null ? {} : { 'Content-Type': type }),
        ...(options.callId === undefined ? {} : { 'Call-ID': options.callId }),
        ...(options.cseq === undefined ? {} : { CSeq: `${options.cseq} MESSAGE` }),
        ...(options.tag === undefined ? {} : { From: `<sip:${this.aor}>;tag=${options.tag}` }),
        ...options.headers,
      },
      Buffer.from(body),
      options,
    );
  }

  /** Any request; resolves with the final answer, retransmits over UDP like a client transaction. */
  request(
    method: string,
    uri: string,
    to: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer = Buffer.alloc(0),
    options: { readonly branch?: string; readonly contentLength?: number | null } = {},
  ): Promise<SipMessageSeen> {
    const branch = options.branch ?? `z9hG4bK${randomBytes(8).toString('hex')}`;
    const own: Record<string, string> = {
      Via: `SIP/2.0/${this.#transport.toUpperCase()} ${this.#host}:${this.#port};rport;branch=${branch}`,
      'Max-Forwards': '70',
      From: `<sip:${this.aor}>;tag=${randomBytes(4).toString('hex')}`,
      To: `<sip:${to}>`,
      'Call-ID': randomBytes(8).toString('hex'),
      CSeq: `${++this.#cseq} ${method}`,
    };
    const all = { ...own, ...headers };
    const length = options.contentLength === undefined ? body.length : options.contentLength;
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `${method} ${uri} SIP/2.0\r\n${lines.join('')}${length === null ? '' : `Content-Length: ${length}\r\n`}\r\n`;
    const bytes = Buffer.concat([Buffer.from(head), body]);
    return new Promise((resolve, reject) => {
      const key = `${branch} ${method}`;
      let delay = 500;
      let timer: NodeJS.Timeout;
      const finish = () => {
        clearTimeout(timer);
        clearTimeout(limit);
        this.#answers.delete(key);
      };
      const limit = setTimeout(() => {
        finish();
        reject(new Error(`${this.name}: no final answer to ${method} ${uri}`));
      }, TIMEOUT);
      const again = () => {
        this.send(bytes);
        delay = Math.min(delay * 2, 4000);
        timer = setTimeout(again, delay);
      };
      this.#answers.set(key, (answer) => {
        if (answer.status < 200) return;
        finish();
        resolve(answer);
      });
      this.send(bytes);
      timer = setTimeout(this.#transport === 'udp' ? again : () => undefined, delay);
    });
  }

  /** To the server, or to whom a request came from. */
  send(bytes: Buffer, to?: RemoteInfo): void {
    if (this.#udp) this.#udp.send(bytes, to?.port ?? this.#server.port, to?.address ?? this.#server.host);
    else this.#tcp?.write(bytes);
  }

  /** Resolves when `count` MESSAGEs have arrived. */
  async received(count: number, timeout = TIMEOUT): Promise<readonly SipMessageSeen[]> {
    const limit = performance.now() + timeout;
    while (this.messages.length < count) {
      const left = limit - performance.now();
      if (left <= 0)
        throw new Error(
          `${this.name}: ${this.messages.length} of ${count} messages arrived within ${timeout} ms`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        const waiter = () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        };
        this.#waiters.add(waiter);
      });
    }
    return this.messages;
  }

  /** Nothing more arrives for `ms`. */
  async quiet(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  close(): void {
    this.#udp?.close();
    this.#tcp?.destroy();
    this.#udp = this.#tcp = undefined;
  }

  #takeMessages(buffer: Buffer): Buffer {
    let rest = buffer;
    for (;;) {
      const start = rest.findIndex((byte) => byte !== 13 && byte !== 10);
      if (start > 0) rest = rest.subarray(start);
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return rest;
      const length = Number(
        /^(?:content-length|l)\s*:\s*(\d+)/im.exec(rest.subarray(0, end).toString('latin1'))?.[1] ?? 0,
      );
      if (rest.length < end + 4 + length) return rest;
      this.#receive(rest.subarray(0, end + 4 + length));
      rest = rest.subarray(end + 4 + length);
    }
  }

  #receive(bytes: Buffer, from?: RemoteInfo): void {
    const seen = readSip(bytes);
    if (!seen) return;
    if (seen.status > 0) {
      const branch = /branch=([^;,\s]+)/.exec(seen.header('Via'))?.[1] ?? '';
      this.#answers.get(`${branch} ${seen.header('CSeq').split(' ')[1] ?? ''}`)?.(seen);
      return;
    }
    const transaction = `${seen.header('Via')} ${seen.method}`;
    if (this.#answered.has(transaction)) {
      // A retransmission: the same answer again.
      const answer = this.#answered.get(transaction);
      if (answer) this.send(answer, from);
      return;
    }
    this.#answered.set(transaction, undefined);
    this.requests.push(seen);
    for (const waiter of [...this.#waiters]) waiter();
    void this.#answer(seen, transaction, from);
  }

  async #answer(request: SipMessageSeen, transaction: string, from?: RemoteInfo): Promise<void> {
    const reaction = await this.react(request, this.messages.length);
    if (reaction === 'silence') return;
    if (typeof reaction === 'object' && 'raw' in reaction) {
      this.send(Buffer.from(reaction.raw(request), 'latin1'), from);
      return;
    }
    const {
      status,
      headers = {},
      twice = false,
    } = typeof reaction === 'number' ? { status: reaction } : reaction;
    const copied = request.headers.filter(([name]) =>
      ['via', 'from', 'call-id', 'cseq'].includes(name.toLowerCase()),
    );
    const to = request.header('To');
    const lines = [
      ...copied,
      ['To', to.includes(';tag=') ? to : `${to};tag=${randomBytes(4).toString('hex')}`],
      ...Object.entries(headers),
    ];
    const answer = Buffer.from(
      `SIP/2.0 ${status} Scripted\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}Content-Length: 0\r\n\r\n`,
    );
    this.#answered.set(transaction, answer);
    this.send(answer, from);
    if (twice) this.send(answer, from);
  }
}

function readSip(bytes: Buffer): SipMessageSeen | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...lines] = bytes
    .subarray(0, end)
    .toString('utf8')
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const header = (name: string) =>
    headers.find(([found]) => found.toLowerCase() === name.toLowerCase())?.[1] ?? '';
  const length = header('Content-Length');
  const body = bytes.subarray(end + 4, length === '' ? undefined : end + 4 + Number(length));
  const status = Number(/^SIP\/2\.0 (\d{3})/.exec(start)?.[1] ?? 0);
  return {
    start,
    method: status > 0 ? '' : (start.split(' ')[0] ?? ''),
    status,
    headers,
    body: Buffer.from(body),
    at: performance.now(),
    header,
  };
}
