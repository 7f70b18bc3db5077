/** A phone for load: one UDP socket, it repeats a request until a server answers, and answers at once itself. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Server {
  readonly host: string;
  readonly port: number;
}

/** A MESSAGE that arrived; retransmissions are left out. */
export interface Arrival {
  readonly callId: string;
  readonly body: string;
  /** The port of the server that it came from. */
  readonly port: number;
}

/** Answers kept for retransmissions of what they answer: far more than come in 32 s. */
const REMEMBERED = 10_000;

export class LoadPhone {
  readonly aor: string;
  /** Where its requests go to; also those that wait for an answer move when this changes. */
  server: Server;
  /** It gives up after so many ms. */
  patience = 30_000;
  /** After 503 it says the same again: same Call-ID, CSeq and From tag. */
  tenacious = false;
  /** Its answer to a MESSAGE; the arrival is told of when that is a 2xx. */
  react: (body: string) => number = () => 200;
  onMessage: (arrival: Arrival) => void = () => undefined;
  readonly #socket: Socket;
  readonly #again: number;
  readonly #answers = new Map<string, (status: number) => void>();
  readonly #answered = new Map<string, Buffer>();
  readonly #registration = randomBytes(6).toString('hex');
  #cseq = 0;

  private constructor(aor: string, server: Server, again: number, socket: Socket) {
    this.aor = aor;
    this.server = server;
    this.#again = again;
    this.#socket = socket;
    socket.on('message', (bytes, from) => this.#receive(bytes.toString(), from.port));
  }

  /** @param again ms between repeats of a request; never doubled, since a server that keeps dying would be missed */
  static async start(aor: string, server: Server, again = 500): Promise<LoadPhone> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new LoadPhone(aor, server, again, socket);
  }

  /** Status of the final answer, 0 when none came within the limit. */
  register(expires: number): Promise<number> {
    const [user = '', domain = ''] = this.aor.split('@');
    return this.#request('REGISTER', `sip:${domain}`, this.aor, [
      `Contact: <sip:${user}@127.0.0.1:${this.#socket.address().port}>`,
      `Expires: ${expires}`,
      `Call-ID: ${this.#registration}`,
    ]);
  }

  /** Status of the final answer, 0 when none came within the limit. */
  message(to: string, body: string, more: readonly string[] = []): Promise<number> {
    const headers = ['Content-Type: text/plain', `Call-ID: ${randomBytes(8).toString('hex')}`, ...more];
    return this.#request('MESSAGE', `sip:${to}`, to, headers, body);
  }

  close(): void {
    this.#socket.close();
  }

  async #request(
    method: string,
    uri: string,
    to: string,
    headers: readonly string[],
    body = '',
  ): Promise<number> {
    const tag = randomBytes(4).toString('hex');
    const cseq = ++this.#cseq;
    for (;;) {
      const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
      const lines = [
        `${method} ${uri} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${this.#socket.address().port};rport;branch=${branch}`,
        'Max-Forwards: 70',
        `From: <sip:${this.aor}>;tag=${tag}`,
        `To: <sip:${to}>`,
        `CSeq: ${cseq} ${method}`,
        ...headers,
        `Content-Length: ${Buffer.byteLength(body)}`,
      ];
      const status = await this.#transaction(branch, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`));
      if (status !== 503 || !this.tenacious) return status;
      await sleep(this.#again);
    }
  }

  #transaction(branch: string, bytes: Buffer): Promise<number> {
    return new Promise((resolve) => {
      const finish = (status: number) => {
        clearInterval(again);
        clearTimeout(limit);
        this.#answers.delete(branch);
        resolve(status);
      };
      const again = setInterval(() => this.#send(bytes), this.#again);
      const limit = setTimeout(() => finish(0), this.patience);
      this.#answers.set(branch, finish);
      this.#send(bytes);
    });
  }

  #remember(branch: string, answer: Buffer): void {
    this.#answered.set(branch, answer);
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > REMEMBERED && oldest !== undefined) this.#answered.delete(oldest);
  }

  #send(bytes: Buffer, port = this.server.port): void {
    this.#socket.send(bytes, port, this.server.host);
  }

  #receive(text: string, port: number): void {
    const via = headerOf(text, 'Via');
    const branch = /branch=([^;,\s]+)/.exec(via)?.[1] ?? '';
    if (text.startsWith('SIP/2.0 ')) {
      const status = Number(text.slice(8, 11));
      if (status >= 200) this.#answers.get(branch)?.(status);
      return;
    }
    let answer = this.#answered.get(branch);
    if (answer === undefined) {
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      const status = this.react(body);
      const copied = ['From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${headerOf(text, name)}`);
      const to = `To: ${headerOf(text, 'To')};tag=${randomBytes(4).toString('hex')}`;
      answer = Buffer.from(
        [`SIP/2.0 ${status} Load`, `Via: ${via}`, ...copied, to, 'Content-Length: 0', '', ''].join('\r\n'),
      );
      this.#remember(branch, answer);
      if (status < 300) this.onMessage({ callId: headerOf(text, 'Call-ID'), body, port });
    }
    this.#send(answer, port);
  }
}

function headerOf(text: string, name: string): string {
  const start = text.indexOf(`\r\n${name}: `);
  const value = start + name.length + 4;
  return start < 0 ? '' : text.slice(value, text.indexOf('\r\n', value));
}
