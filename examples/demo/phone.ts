/** A scripted SIP phone over UDP, as small as a story needs it: it asks, it answers, and it tells what it saw. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A request or an answer as it was on the wire. */
export interface SipText {
  /** `MESSAGE`, or '' for an answer. */
  readonly method: string;
  /** 202, or 0 for a request. */
  readonly status: number;
  readonly reason: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Reaction {
  readonly status: number;
  readonly reason: string;
}

export interface PhoneOptions {
  /** The SIP server, and the domain of all names. */
  readonly server: { readonly host: string; readonly port: number };
  /** Hears of every message once, in the order of the wire: retransmissions are left out. */
  readonly watch: (direction: 'sent' | 'received', message: SipText, phone: Phone) => void;
}

const LIMIT = 10_000;
const AGAIN = 500;
const OK: Reaction = { status: 200, reason: 'OK' };

export class Phone {
  readonly name: string;
  /** Requests received so far. */
  readonly requests: SipText[] = [];
  /** What it answers to a request. */
  react: (request: SipText) => Reaction = () => OK;
  readonly #options: PhoneOptions;
  readonly #socket: Socket;
  readonly #answers = new Map<string, (answer: SipText) => void>();
  readonly #answered = new Map<string, Buffer>();
  readonly #listeners = new Set<() => void>();
  readonly #registration = randomBytes(6).toString('hex');
  #cseq = 0;

  private constructor(name: string, options: PhoneOptions, socket: Socket) {
    this.name = name;
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (bytes) => this.#receive(bytes.toString()));
  }

  static async start(name: string, options: PhoneOptions): Promise<Phone> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Phone(name, options, socket);
  }

  get domain(): string {
    return this.#options.server.host;
  }

  get #address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** `expires` 0 takes the registration back. */
  register(expires = 600): Promise<SipText> {
    return this.request('REGISTER', `sip:${this.domain}`, this.name, {
      Contact: `<sip:${this.name}@${this.#address}>`,
      Expires: String(expires),
      'Call-ID': this.#registration,
    });
  }

  message(to: string, text: string): Promise<SipText> {
    return this.request('MESSAGE', `sip:${to}@${this.domain}`, to, { 'Content-Type': 'text/plain' }, text);
  }

  /** Watches its own mailbox: from now on NOTIFYs tell what waits there. It need not be registered for that. */
  subscribe(): Promise<SipText> {
    return this.request('SUBSCRIBE', `sip:${this.name}@${this.domain}`, this.name, {
      Contact: `<sip:${this.name}@${this.#address}>`,
      Event: 'message-summary',
      Accept: 'application/simple-message-summary',
      Expires: '600',
    });
  }

  /** Any request; resolves with its final answer, and sends again until there is one. */
  request(
    method: string,
    uri: string,
    to: string,
    headers: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<SipText> {
    const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
    const all = new Map(
      Object.entries({
        Via: `SIP/2.0/UDP ${this.#address};rport;branch=${branch}`,
        'Max-Forwards': '70',
        From: `<sip:${this.name}@${this.domain}>;tag=${randomBytes(4).toString('hex')}`,
        To: `<sip:${to}@${this.domain}>`,
        'Call-ID': randomBytes(8).toString('hex'),
        CSeq: `${++this.#cseq} ${method}`,
        ...headers,
        'Content-Length': String(Buffer.byteLength(body)),
      }),
    );
    const bytes = Buffer.from(`${method} ${uri} SIP/2.0\r\n${linesOf(all)}\r\n${body}`);
    this.#options.watch('sent', { method, status: 0, reason: '', headers: all, body }, this);
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearInterval(again);
        clearTimeout(limit);
        this.#answers.delete(branch);
      };
      const again = setInterval(() => this.#send(bytes), AGAIN);
      const limit = setTimeout(() => {
        finish();
        reject(new Error(`${this.name} got no answer to ${method} within ${LIMIT / 1000} s`));
      }, LIMIT);
      this.#answers.set(branch, (answer) => {
        if (answer.status < 200) return;
        finish();
        this.#options.watch('received', answer, this);
        resolve(answer);
      });
      this.#send(bytes);
    });
  }

  /** Resolves when what it has received so far is what is waited for. */
  async until(wanted: string, arrived: () => boolean): Promise<void> {
    if (arrived()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`${this.name} waited ${LIMIT / 1000} s in vain for ${wanted}`));
      }, LIMIT);
      const look = () => {
        if (!arrived()) return;
        clearTimeout(limit);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
    });
  }

  close(): void {
    this.#socket.close();
  }

  #send(bytes: Buffer): void {
    const { host, port } = this.#options.server;
    this.#socket.send(bytes, port, host);
  }

  #receive(text: string): void {
    const message = parse(text);
    const via = message.headers.get('Via') ?? '';
    const branch = /branch=([^;,\s]+)/.exec(via)?.[1] ?? '';
    if (message.status > 0) {
      this.#answers.get(branch)?.(message);
      return;
    }
    // A retransmission gets the same answer again.
    const before = this.#answered.get(`${branch} ${message.method}`);
    if (before) {
      this.#send(before);
      return;
    }
    this.requests.push(message);
    this.#options.watch('received', message, this);
    const { status, reason } = this.react(message);
    const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name): [string, string] => [
      name,
      message.headers.get(name) ?? '',
    ]);
    const headers = new Map([...copied, ['Content-Length', '0']]);
    const to = headers.get('To') ?? '';
    if (!to.includes(';tag=')) headers.set('To', `${to};tag=${randomBytes(4).toString('hex')}`);
    const answer = Buffer.from(`SIP/2.0 ${status} ${reason}\r\n${linesOf(headers)}\r\n`);
    this.#answered.set(`${branch} ${message.method}`, answer);
    this.#send(answer);
    this.#options.watch('sent', { method: '', status, reason, headers, body: '' }, this);
    for (const listener of [...this.#listeners]) listener();
  }
}

function linesOf(headers: ReadonlyMap<string, string>): string {
  return [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function parse(text: string): SipText {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
  const answer = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(start);
  return {
    method: answer ? '' : (start.split(' ')[0] ?? ''),
    status: Number(answer?.[1] ?? 0),
    reason: answer?.[2] ?? '',
    headers,
    body: text.slice(end + 4),
  };
}
