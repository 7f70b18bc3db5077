/** An application that knows the secret and then says anything on the wire port. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Frames until a connection is given up: one that was spoilt is read no more. */
const LIFE = 20;
const SECRET = 'cymru';

export class WireClient {
  readonly #port: () => number | undefined;
  #socket: Socket | undefined;
  #uses = 0;

  constructor(port: () => number | undefined) {
    this.#port = port;
  }

  async send(payload: Buffer): Promise<void> {
    if (!this.#socket?.writable || ++this.#uses >= LIFE) await this.#connect();
    const head = payload.length % 7 === 3 ? `${payload.length + 1}#` : `${payload.length}#`;
    this.#socket?.write(Buffer.concat([Buffer.from(head), payload]));
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connect(): Promise<void> {
    this.close();
    const port = this.#port();
    if (port === undefined) return;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    // What it is told is of no interest, but must be read.
    socket.resume();
    try {
      await once(socket, 'connect');
    } catch {
      return;
    }
    const hello = `1|authenticate|${SECRET}`;
    socket.write(`${hello.length}#${hello}`);
    this.#socket = socket;
    this.#uses = 0;
  }
}
