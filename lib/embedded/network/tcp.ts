/** TCP: a listening socket, the connections it takes and the ones it makes, all found again by peer address. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { bracketed, plain, type Address } from '../text/address.ts';
import type { Flow, Receive } from './flow.ts';
import { Crowd, type CrowdLimits } from './crowd.ts';
import { StreamFramer } from './stream.ts';
import type { Timers } from './timers.ts';

interface ConnectionEvents {
  readonly receive: Receive;
  /** A message or a keep-alive has come, or a message leaves. */
  readonly onActive: (connection: Connection) => void;
  readonly onDeath: (connection: Connection) => void;
}

interface ConnectionSettings {
  readonly local: Address;
  /** Milliseconds after which a connection on which nothing moves is closed. */
  readonly idle: number;
  readonly events: ConnectionEvents;
}

class Connection implements Flow {
  readonly protocol = 'tcp';
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: Socket;
  readonly #failures = new Set<() => void>();
  readonly #events: ConnectionEvents;
  #alive = true;

  constructor(socket: Socket, remote: Address, { local, idle, events }: ConnectionSettings) {
    this.#socket = socket;
    this.#events = events;
    this.local = local;
    this.remote = remote;
    const framer = new StreamFramer({
      onPing: () => {
        events.onActive(this);
        socket.write('\r\n');
      },
      onMessage: (received) => {
        events.onActive(this);
        events.receive(this, received);
      },
      onLost: () => this.end(),
    });
    socket.setNoDelay(true);
    socket.setTimeout(idle, () => socket.destroy());
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

  get host(): string {
    return this.remote.host;
  }

  send(bytes: Buffer): void {
    if (!this.#alive) return;
    this.#events.onActive(this);
    this.#socket.write(bytes);
  }

  onFailure(listener: () => void): () => void {
    if (this.#alive && this.#socket.connecting) this.#failures.add(listener);
    return () => this.#failures.delete(listener);
  }

  end(): void {
    this.#socket.end();
  }

  evict(): void {
    this.#socket.destroy();
  }

  #die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#events.onDeath(this);
    for (const listener of [...this.#failures]) listener();
    this.#failures.clear();
  }
}

export interface TcpSettings {
  /** What the server listens on. */
  readonly bound: Address;
  /** How peers know it. */
  readonly local: Address;
  readonly timers: Timers;
  readonly receive: Receive;
  readonly limits?: CrowdLimits | undefined;
}

export class TcpTransport {
  readonly #server: Server;
  readonly #settings: TcpSettings;
  readonly #connections = new Map<string, Connection>();
  readonly #crowd: Crowd<Connection>;

  /** `server` listens already. */
  constructor(server: Server, settings: TcpSettings) {
    this.#server = server;
    this.#settings = settings;
    this.#crowd = new Crowd(settings.limits);
    server.on('error', () => undefined);
    server.on('connection', (socket) => {
      this.#adopt(socket, { host: plain(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 });
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
    const { bound, timers } = this.#settings;
    const wildcard = bound.host === '0.0.0.0' || bound.host === '::';
    const from = wildcard ? {} : { localAddress: bound.host };
    const socket = connect({ host: remote.host, port: remote.port, ...from });
    const giveUp = setTimeout(() => socket.destroy(), timers.connect).unref();
    socket.once('connect', () => clearTimeout(giveUp));
    socket.once('close', () => clearTimeout(giveUp));
    return this.#adopt(socket, remote);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.values()) connection.evict();
    await closed;
  }

  #adopt(socket: Socket, remote: Address): Connection {
    const { local, timers, receive } = this.#settings;
    const key = keyOf(remote);
    const events: ConnectionEvents = {
      receive,
      onActive: (connection) => this.#crowd.active(connection),
      onDeath: (connection) => {
        this.#crowd.delete(connection);
        if (this.#connections.get(key) === connection) this.#connections.delete(key);
      },
    };
    const connection = new Connection(socket, remote, { local, idle: timers.idle, events });
    this.#crowd.add(connection);
    this.#connections.set(key, connection);
    return connection;
  }
}

function keyOf(remote: Address): string {
  return `${bracketed(remote.host)}:${remote.port}`;
}
