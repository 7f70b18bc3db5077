/** One UDP socket: a datagram is a message, and its source is the way back. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { plain, type Address } from '../text/address.ts';
import { BLANK_LINE } from '../text/message.ts';
import type { Faults } from './faults.ts';
import type { Flow, Receive } from './flow.ts';

export class UdpTransport {
  readonly #socket: Socket;
  readonly #local: Address;
  readonly #faults: Faults;
  readonly #receive: Receive;
  #open = true;

  /** `socket` is bound already; `local` is how peers know it. */
  constructor(socket: Socket, local: Address, faults: Faults, receive: Receive) {
    this.#socket = socket;
    this.#local = local;
    this.#faults = faults;
    this.#receive = receive;
    // An error of one datagram (no route, ICMP) says nothing about the next one.
    socket.on('error', () => undefined);
    socket.on('message', (bytes, from) => this.#onDatagram(bytes, from));
  }

  /** Binds; the promise rejects with the socket's own error. */
  static bind(address: Address): Promise<Socket> {
    const type = isIPv6(address.host) ? 'udp6' : 'udp4';
    const socket = createSocket({ type, ipv6Only: type === 'udp6', recvBufferSize: 4 * 1024 * 1024 });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(address.port, address.host, () => {
        socket.off('error', reject);
        resolve(socket);
      });
    });
  }

  flowTo(remote: Address): Flow {
    return {
      protocol: 'udp',
      local: this.#local,
      remote,
      alive: true,
      send: (bytes) => this.#send(bytes, remote),
      onFailure: () => () => undefined,
      end: () => undefined,
    };
  }

  close(): Promise<void> {
    this.#open = false;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #onDatagram(bytes: Buffer, from: RemoteInfo): void {
    if (this.#faults.udpLoss > 0 && Math.random() < this.#faults.udpLoss) return;
    const end = bytes.indexOf(BLANK_LINE);
    // A keep-alive or a stray line end is no message, and what comes from no port can't be answered.
    if (end === 0 || bytes.length < 16 || from.port === 0) return;
    const headLength = end < 0 ? bytes.length : end;
    const body = end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + 4);
    const flow = this.flowTo({ host: plain(from.address), port: from.port });
    this.#receive(flow, { bytes, headLength, body });
  }

  #send(bytes: Buffer, remote: Address): void {
    const { udpLoss, udpDelay, udpReorder, udpTwice } = this.#faults;
    if (udpTwice > 0 && Math.random() < udpTwice) this.#sendNow(bytes, remote);
    if (udpLoss > 0 && Math.random() < udpLoss) return;
    const late = udpReorder > 0 && Math.random() < udpReorder ? 50 : 0;
    if (udpDelay + late === 0) this.#sendNow(bytes, remote);
    else setTimeout(() => this.#sendNow(bytes, remote), udpDelay + late).unref();
  }

  #sendNow(bytes: Buffer, remote: Address): void {
    if (this.#open) this.#socket.send(bytes, remote.port, remote.host, () => undefined);
  }
}
