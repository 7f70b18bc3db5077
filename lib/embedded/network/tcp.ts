/** TCP: a listening socket, the connections it takes and the ones it makes, all found again by peer address. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { bracketed, plain, type Address } from '../text/address.ts';
import type { Flow, Receive } from './flow.ts';
import { StreamFramer } from './stream.ts';
import type { Timers } from './timers.ts';

/** More connections than this are refused: each may hold one unfinished message. */
const maxConnections = 4_096;

class Connection implements Flow {
  readonly protocol = 'tcp';
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: Socket;
  readonly #failures = new Set<() => void>();
  readonly #onDeath: () => void;
  #alive = true;

  constructor(
    socket: Socket,
    local: Address,
    remote: Address,
    timers: Timers,
    receive: Receive,
    onDeath: () => void,
  ) {
    this.#socket = socket;
    this.#onDeath = onDeath;
    this.local = local;
    this.remote = remote;
    const framer = new StreamFramer({
      onPing: () => socket.write('\r\n'),
      onMessage: (received) => receive(this, received),
      onLost: () => this.end(),
    });
    socket.setNoDelay(true);
    socket.setTimeout(timers.idle, () => socket.destroy());
    socket.once('connect', () => this.#failures.clear());
    socket.on('data', (chunk) => framer.push(chunk));
    socket.on('error', () => socket.destroy());
    // A peer that has said its last word may still wait for answers, but sofia-sip closes then.
    socket.on('end', () => this.#die());
    socket.on('close', () => this.#die());
  }

  get alive(): boolean {
    return this.#alive;
  }

  send(bytes: Buffer): void {
    if (this.#alive) this.#socket.write(bytes);
  }

  onFailure(listener: () => void): () => void {
    if (this.#alive && this.#socket.connecting) this.#failures.add(listener);
    return () => this.#failures.delete(listener);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#onDeath();
    for (const listener of [...this.#failures]) listener();
    this.#failures.clear();
  }
}

export class TcpTransport {
  readonly #server: Server;
  readonly #bound: Address;
  readonly #local: Address;
  readonly #timers: Timers;
  readonly #receive: Receive;
  readonly #connections = new Map<string, Connection>();

  /** `server` listens already on `bound`; `local` is how peers know it. */
  constructor(server: Server, bound: Address, local: Address, timers: Timers, receive: Receive) {
    this.#server = server;
    this.#bound = bound;
    this.#local = local;
    this.#timers = timers;
    this.#receive = receive;
    server.maxConnections = maxConnections;
    server.on('error', () => undefined);
    server.on('connection', (socket) => {
      const remote = { host: plain(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
      this.#adopt(socket, remote);
    });
  }

  static listen(address: Address): Promise<Server> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port, ipv6Only: address.host === '::' }, () => {
        server.off('error', reject);
        resolve(server);
      });
    });
  }

  /** The live connection with that peer, whoever opened it. */
  existing(remote: Address): Flow | undefined {
    return this.#connections.get(keyOf(remote));
  }

  /** The live connection with that peer, or a new one; what is sent waits until it stands. */
  flowTo(remote: Address): Flow {
    const known = this.existing(remote);
    if (known) return known;
    const wildcard = this.#bound.host === '0.0.0.0' || this.#bound.host === '::';
    const from = wildcard ? {} : { localAddress: this.#bound.host };
    const socket = connect({ host: remote.host, port: remote.port, ...from });
    const giveUp = setTimeout(() => socket.destroy(), this.#timers.connect).unref();
    socket.once('connect', () => clearTimeout(giveUp));
    socket.once('close', () => clearTimeout(giveUp));
    return this.#adopt(socket, remote);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.values()) connection.destroy();
    await closed;
  }

  #adopt(socket: Socket, remote: Address): Connection {
    const key = keyOf(remote);
    const forget = () => {
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
    };
    const connection = new Connection(socket, this.#local, remote, this.#timers, this.#receive, forget);
    this.#connections.set(key, connection);
    return connection;
  }
}

function keyOf(remote: Address): string {
  return `${bracketed(remote.host)}:${remote.port}`;
}
