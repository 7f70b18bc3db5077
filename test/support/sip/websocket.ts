/** SIP over a WebSocket over TLS (RFC 7118), as a browser's phone speaks it: each message is a frame. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import type { Address } from './message.ts';

const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];

/** What is written is a message to be sent, what is read are messages that came. */
export class WebSocketStream extends Duplex {
  readonly #socket: TLSSocket;
  #buffer = Buffer.alloc(0);

  private constructor(socket: TLSSocket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  /** Whom a phone trusts is not the matter of these tests. */
  static async open({ host, port }: Address): Promise<WebSocketStream> {
    const socket = connect({ host, port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://${host}\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(answer.toString('latin1'));
    return new WebSocketStream(socket);
  }

  override _write(message: Buffer, _: BufferEncoding, done: () => void): void {
    this.#send(TEXT, message);
    done();
  }

  override _read(): void {
    // What comes is pushed as it comes.
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** A client masks what it sends (RFC 6455 5.3), here with zeros. */
  #send(kind: number, message: Buffer): void {
    const length =
      message.length < 126
        ? Buffer.from([0x80 | message.length])
        : Buffer.from([0x80 | 126, message.length >> 8, message.length & 0xff]);
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | kind]), length, Buffer.alloc(4), message]));
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const [first = 0, second = 0] = this.#buffer;
      const start = second === 126 ? 4 : 2;
      if (this.#buffer.length < start) return;
      const length = second === 126 ? this.#buffer.readUInt16BE(2) : second;
      if (this.#buffer.length < start + length) return;
      const message = Buffer.from(this.#buffer.subarray(start, start + length));
      this.#buffer = this.#buffer.subarray(start + length);
      const kind = first & 15;
      if (kind === TEXT || kind === BINARY || kind === 0) this.push(message);
      if (kind === PING) this.#send(PONG, message);
      if (kind === CLOSE) this.destroy();
    }
  }
}
