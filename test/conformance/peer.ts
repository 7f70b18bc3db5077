/** Raw peers: UDP and TCP SIP endpoints, and an app that speaks the wire protocol by hand. No SIP library. */
import { randomUUID } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One message as it came; header names are looked up in any case, also compact where given so. */
export class Sip {
  readonly bytes: Buffer;
  readonly startLine: string;
  readonly lines: readonly string[];
  readonly body: Buffer;
  readonly at = performance.now();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    const end = bytes.indexOf('\r\n\r\n');
    const [startLine = '', ...lines] = bytes
      .toString('latin1', 0, end < 0 ? bytes.length : end)
      .split('\r\n');
    this.startLine = startLine;
    this.lines = lines;
    this.body = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  }

  get status(): number {
    return Number(/^SIP\/2\.0 (\d+)/.exec(this.startLine)?.[1]);
  }

  all(name: string): string[] {
    const start = `${name.toLowerCase()}:`;
    return this.lines.flatMap((line) =>
      line.toLowerCase().startsWith(start) ? [line.slice(start.length).trim()] : [],
    );
  }

  get(name: string): string {
    return this.all(name)[0] ?? '';
  }

  /** Names in their spelling, in order. */
  get names(): string[] {
    return this.lines.map((line) => line.slice(0, line.indexOf(':')));
  }
}

export function tag(value: string): string {
  return /;tag=([^;]*)/.exec(value)?.[1] ?? '';
}

/** A queue that can be waited on. */
class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: { readonly matches: (item: T) => boolean; readonly give: (item: T) => void }[] = [];

  put(item: T): void {
    const at = this.#waiting.findIndex((one) => one.matches(item));
    if (at < 0) this.#items.push(item);
    else this.#waiting.splice(at, 1)[0]?.give(item);
  }

  take(what: string, wait: number, matches: (item: T) => boolean = () => true): Promise<T> {
    const at = this.#items.findIndex(matches);
    const found = at < 0 ? undefined : this.#items.splice(at, 1)[0];
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const waiter = {
        matches,
        give: (item: T) => {
          clearTimeout(timer);
          resolve(item);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new Error(`nothing came for ${wait} ms: ${what}`));
      }, wait);
      this.#waiting.push(waiter);
    });
  }

  get items(): readonly T[] {
    return this.#items;
  }
}

export interface Peer {
  readonly transport: 'UDP' | 'TCP';
  readonly host: string;
  readonly port: number;
  send(bytes: Buffer | string): void;
  /** The next message; rejects when none comes in time. */
  take(wait?: number): Promise<Sip>;
  /** Resolves when nothing comes for so long; rejects when something does. */
  silence(wait?: number): Promise<void>;
  close(): Promise<void>;
}

async function silent(peer: Peer, wait: number): Promise<void> {
  const came = await peer.take(wait).then(
    (message) => message.startLine,
    () => undefined,
  );
  if (came !== undefined) throw new Error(`silence was wanted, but this came: ${came}`);
}

export class UdpPeer implements Peer {
  readonly transport = 'UDP';
  readonly host: string;
  readonly port: number;
  readonly #socket: UdpSocket;
  readonly #server: Address;
  readonly #mail = new Mailbox<Sip>();

  private constructor(socket: UdpSocket, server: Address, host: string) {
    this.#socket = socket;
    this.#server = server;
    this.host = host;
    this.port = socket.address().port;
    socket.on('message', (bytes) => this.#mail.put(new Sip(bytes)));
  }

  static async open(
    server: Address,
    host = server.host.includes(':') ? '::1' : '127.0.0.1',
  ): Promise<UdpPeer> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, host);
    await once(socket, 'listening');
    return new UdpPeer(socket, server, host);
  }

  send(bytes: Buffer | string): void {
    this.#socket.send(toBytes(bytes), this.#server.port, this.#server.host);
  }

  take(wait = 3_000): Promise<Sip> {
    return this.#mail.take('a SIP message over UDP', wait);
  }

  silence(wait = 300): Promise<void> {
    return silent(this, wait);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

export class TcpPeer implements Peer {
  readonly transport = 'TCP';
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #mail = new Mailbox<Sip>();
  readonly #stray = new Mailbox<Buffer>();
  readonly closed: Promise<void>;
  #buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.host = socket.localAddress ?? '';
    this.port = socket.localPort ?? 0;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#read(chunk));
  }

  static async open(server: Address): Promise<TcpPeer> {
    const socket = connect(server.port, server.host);
    await once(socket, 'connect');
    return new TcpPeer(socket);
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(toBytes(bytes));
  }

  take(wait = 3_000): Promise<Sip> {
    return this.#mail.take('a SIP message over TCP', wait);
  }

  /** What came between messages: keep-alive answers. */
  takeStray(wait = 3_000): Promise<Buffer> {
    return this.#stray.take('bytes between messages', wait);
  }

  silence(wait = 300): Promise<void> {
    return silent(this, wait);
  }

  /** Closes this side only. */
  end(): void {
    this.#socket.end();
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const stray = /^(?:\r\n)+/.exec(this.#buffer.toString('latin1', 0, 64))?.[0].length ?? 0;
      if (stray > 0) {
        this.#stray.put(this.#buffer.subarray(0, stray));
        this.#buffer = this.#buffer.subarray(stray);
      }
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /^(?:content-length|l)\s*:\s*(\d+)/im.exec(this.#buffer.toString('latin1', 0, end))?.[1];
      const total = end + 4 + Number(length ?? 0);
      if (this.#buffer.length < total) return;
      this.#mail.put(new Sip(this.#buffer.subarray(0, total)));
      this.#buffer = this.#buffer.subarray(total);
    }
  }
}

/** A TCP server that waits for the front end to connect. */
export class TcpListener {
  readonly port: number;
  readonly #server: Server;
  readonly #peers = new Mailbox<TcpPeer>();

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    server.on('connection', (socket) => this.#peers.put(new TcpPeer(socket)));
  }

  static async open(): Promise<TcpListener> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpListener(server);
  }

  accept(wait = 3_000): Promise<TcpPeer> {
    return this.#peers.take('a TCP connection', wait);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const peer of this.#peers.items) void peer.close();
    await closed;
  }
}

function toBytes(text: Buffer | string): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
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
  peer: { readonly transport: string; readonly host: string; readonly port: number },
  method: string,
  parts: RequestParts = {},
): Buffer {
  const id = randomUUID();
  const host = peer.host.includes(':') ? `[${peer.host}]` : peer.host;
  const body =
    typeof parts.body === 'string' ? Buffer.from(parts.body, 'utf8') : (parts.body ?? Buffer.alloc(0));
  const branch = parts.branch ?? `z9hG4bK${id}`;
  const length = parts.length ?? `Content-Length: ${body.length}`;
  const lines = [
    `${method} ${parts.uri ?? 'sip:bob@example.com'} ${parts.version ?? 'SIP/2.0'}`,
    `Via: ${parts.via ?? `SIP/2.0/${peer.transport} ${host}:${peer.port};branch=${branch}`}`,
    `Max-Forwards: ${parts.maxForwards ?? '70'}`,
    `From: ${parts.from ?? `<sip:alice@example.com>;tag=${id}`}`,
    `To: ${parts.to ?? '<sip:bob@example.com>'}`,
    `Call-ID: ${parts.callId ?? id}`,
    `CSeq: ${typeof parts.cseq === 'string' ? parts.cseq : `${parts.cseq ?? 7} ${method}`}`,
    ...(parts.headers ?? []),
    ...(length === '' ? [] : [length]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** The answer a phone would give. */
export function reply(message: Sip, status: number, reason: string, headers: readonly string[] = []): string {
  const to = message.get('to');
  const lines = [
    `SIP/2.0 ${status} ${reason}`,
    ...message.all('via').map((via) => `Via: ${via}`),
    `From: ${message.get('from')}`,
    `To: ${tag(to) === '' ? `${to};tag=phone` : to}`,
    `Call-ID: ${message.get('call-id')}`,
    `CSeq: ${message.get('cseq')}`,
    ...headers,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** One frame of the wire protocol. */
export class Frame {
  readonly bytes: Buffer;
  readonly meta: string;
  readonly tokens: readonly string[];
  readonly message: Sip;
  readonly at = performance.now();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    const end = bytes.indexOf('\r\n');
    this.meta = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
    this.tokens = this.meta.split('|');
    this.message = new Sip(end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 2));
  }

  /** Of a `sip` frame. */
  get transactionId(): string {
    return this.tokens[8] ?? '';
  }

  get dialogId(): string {
    return this.tokens[9] ?? '';
  }

  /** Of a `response` frame: OK, NOK or NO, and all behind it. */
  get result(): string {
    return this.tokens.slice(3).join('|');
  }
}

/** An app on the admin port, by hand. */
export class RawApp {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** Bytes of each read, to see what came together. */
  readonly reads: Buffer[] = [];
  readonly #frames = new Mailbox<Frame>();
  #buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#read(chunk));
  }

  static async connect(admin: Address): Promise<RawApp> {
    const socket = connect(admin.port, admin.host);
    await once(socket, 'connect');
    return new RawApp(socket);
  }

  /** Connects, authenticates and asks for verbs. */
  static async open(admin: Address, secret: string, verbs: readonly string[] = []): Promise<RawApp> {
    const app = await RawApp.connect(admin);
    const answer = await app.call(`authenticate|${secret}|`);
    if (answer.tokens[3] !== 'OK') throw new Error(`authentication failed: ${answer.meta}`);
    for (const verb of verbs) await app.call(`route|${verb}`);
    return app;
  }

  /** Sends a frame; `text` follows the message id. Returns that id. */
  send(text: string, body: Buffer | string = ''): string {
    const id = randomUUID();
    this.socket.write(framed(Buffer.concat([Buffer.from(`${id}|${text}`, 'latin1'), toBytes(body)])));
    return id;
  }

  /** Sends a frame and waits for its response frame. */
  call(text: string, body: Buffer | string = '', wait = 3_000): Promise<Frame> {
    const id = this.send(text, body);
    return this.#frames.take(`a response to '${text.slice(0, 60)}'`, wait, (frame) => frame.tokens[2] === id);
  }

  /** Sends a SIP request: `sip|<txn>|<dialog>[|<proxy>]`, start line, headers, body. */
  request(
    startLine: string,
    headers: readonly string[] = [],
    options: {
      readonly body?: string | Buffer;
      readonly proxy?: string;
      readonly dialog?: string;
      readonly wait?: number;
    } = {},
  ): Promise<Frame> {
    const proxy = options.proxy === undefined ? '' : `|${options.proxy}`;
    const head = `sip||${options.dialog ?? ''}${proxy}\r\n${[startLine, ...headers].join('\r\n')}\r\n\r\n`;
    return this.call(head, options.body, options.wait);
  }

  /** Answers a request by its transaction id. */
  respond(
    transactionId: string,
    statusLine: string,
    headers: readonly string[] = [],
    body: string | Buffer = '',
  ): Promise<Frame> {
    return this.call(
      `sip|${transactionId}|\r\n${[`SIP/2.0 ${statusLine}`, ...headers].join('\r\n')}\r\n\r\n`,
      body,
    );
  }

  /** The next `sip` frame, of a given kind or any. */
  take(wait = 3_000, matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return this.#frames.take('a sip frame', wait, (frame) => frame.tokens[1] === 'sip' && matches(frame));
  }

  /** The next frame, whatever it is. */
  takeAny(wait = 3_000): Promise<Frame> {
    return this.#frames.take('a frame', wait);
  }

  async silence(wait = 300): Promise<void> {
    const came = await this.#frames.take('', wait).then(
      (frame) => frame.meta,
      () => undefined,
    );
    if (came !== undefined) throw new Error(`silence was wanted, but this came: ${came}`);
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #read(chunk: Buffer): void {
    this.reads.push(chunk);
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const hash = this.#buffer.indexOf('#');
      if (hash < 0) return;
      const end = hash + 1 + Number(this.#buffer.toString('latin1', 0, hash));
      if (this.#buffer.length < end) return;
      this.#frames.put(new Frame(this.#buffer.subarray(hash + 1, end)));
      this.#buffer = this.#buffer.subarray(end);
    }
  }
}

export function framed(payload: Buffer | string): Buffer {
  const bytes = toBytes(payload);
  return Buffer.concat([Buffer.from(`${bytes.length}#`), bytes]);
}
