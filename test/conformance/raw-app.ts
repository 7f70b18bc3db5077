/** An app that speaks drachtio's wire protocol by hand. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Inbox } from '../support/sip/inbox.ts';
import { Sip, type Address } from '../support/sip/message.ts';

/** Long enough for a machine with other work; only a test that fails waits so long. */
const WAIT = 10_000;

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
  readonly #frames = new Inbox<Frame>();
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
    this.socket.write(framed(Buffer.concat([Buffer.from(`${id}|${text}`), Buffer.from(body)])));
    return id;
  }

  /** Sends a frame and waits for its response frame. */
  call(text: string, body: Buffer | string = '', wait = WAIT): Promise<Frame> {
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
  take(wait = WAIT, matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return this.#frames.take('a sip frame', wait, (frame) => frame.tokens[1] === 'sip' && matches(frame));
  }

  /** The next frame, whatever it is. */
  takeAny(wait = WAIT): Promise<Frame> {
    return this.#frames.take('a frame', wait);
  }

  /** What has come and was not taken. */
  get waiting(): readonly Frame[] {
    return this.#frames.items;
  }

  /** Nothing has come, and nothing is on its way: the next frame is the answer to a ping sent now. */
  async nothing(): Promise<void> {
    const id = this.send('ping');
    const next = await this.takeAny();
    if (next.tokens[2] !== id) throw new Error(`nothing was wanted, but this came: ${next.meta}`);
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
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from(`${bytes.length}#`), bytes]);
}
