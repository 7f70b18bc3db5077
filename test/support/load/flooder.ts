/** Somebody who sends as fast as is wanted, and listens to no answer. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../sip/message.ts';

export interface Flood {
  readonly method: 'REGISTER' | 'MESSAGE' | 'SUBSCRIBE' | 'PUBLISH' | 'OPTIONS';
  /** Whom it is for, all one or each another. */
  readonly to: (nth: number) => string;
  /** The name that it has in From. */
  readonly from: (nth: number) => string;
}

const TURN_MS = 10;

export class Flooder {
  readonly #sockets: readonly Socket[];
  readonly #server: Address;
  readonly answers = new Map<number, number>();
  sent = 0;

  private constructor(sockets: readonly Socket[], server: Address) {
    this.#sockets = sockets;
    this.#server = server;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('message', (bytes) => {
        const status = Number(bytes.toString('latin1', 8, 11));
        this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
      });
    }
  }

  /** @param sources addresses of this machine, each of which it sends from in turn */
  static async start(server: Address, sources: readonly string[]): Promise<Flooder> {
    const sockets = sources.map((host) => createSocket('udp4').bind(0, host));
    await Promise.all(sockets.map((socket) => once(socket, 'listening')));
    return new Flooder(sockets, server);
  }

  /** So many a second, for so many ms. */
  async flood(flood: Flood, perSecond: number, ms: number): Promise<void> {
    const begun = performance.now();
    let sent = 0;
    for (let spent = 0; spent < ms; spent = performance.now() - begun) {
      const due = Math.floor((spent * perSecond) / 1_000);
      for (; sent < due; sent++) this.#send(flood, this.sent++);
      await sleep(TURN_MS);
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #send({ method, to, from }: Flood, nth: number): void {
    const socket = this.#sockets[nth % this.#sockets.length];
    if (!socket) return;
    const { address, port } = socket.address();
    const target = to(nth);
    const body = method === 'MESSAGE' ? 'flood' : '';
    const own: Record<Flood['method'], readonly string[]> = {
      REGISTER: ['Expires: 600'],
      MESSAGE: ['Content-Type: text/plain'],
      SUBSCRIBE: ['Event: message-summary', 'Expires: 600'],
      PUBLISH: ['Event: message-summary', 'Expires: 600'],
      OPTIONS: [],
    };
    const lines = [
      `${method} sip:${target} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bKflood${port}n${nth}`,
      `From: <sip:${from(nth)}>;tag=flood`,
      `To: <sip:${method === 'REGISTER' ? from(nth) : target}>`,
      `Call-ID: flood-${nth}-${port}`,
      `CSeq: 1 ${method}`,
      'Max-Forwards: 70',
      `Contact: <sip:flood@${address}:${port}>`,
      ...own[method],
      `Content-Length: ${body.length}`,
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, this.#server.port, this.#server.host);
  }
}
