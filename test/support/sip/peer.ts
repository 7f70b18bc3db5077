/** Raw SIP endpoints over UDP and TCP: they send any bytes, and keep what comes until it is taken. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as secureConnect, TLSSocket } from 'node:tls';
import { Inbox } from './inbox.ts';
import { request, Sip, type Address } from './message.ts';
import { WebSocketStream } from './websocket.ts';

interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** Long enough for a machine with other work; only a test that fails waits so long. */
const WAIT = 10_000;

export abstract class Peer implements Address {
  abstract readonly transport: 'UDP' | 'TCP' | 'TLS' | 'WSS';
  abstract readonly host: string;
  abstract readonly port: number;
  /** Where what it sends goes to; over UDP this can change. */
  server: Address;
  /** Takes each message as it comes; without, they wait to be taken. */
  onMessage: ((message: Sip) => void) | undefined;
  readonly #inbox = new Inbox<Sip>();

  constructor(server: Address) {
    this.server = server;
  }

  /** To the server; over UDP, also to others. */
  abstract send(bytes: Buffer | string, to?: Address): void;
  abstract close(): Promise<void>;

  /** The next message; rejects when none comes in time. */
  take(wait = WAIT): Promise<Sip> {
    return this.#inbox.take(`a SIP message over ${this.transport}`, wait);
  }

  /** What has come and was not taken. */
  get waiting(): readonly Sip[] {
    return this.#inbox.items;
  }

  /**
   * Nothing has come, and nothing is on its way: the server reads and writes in order, and answers a BYE without a dialog
   * by itself; the next message is that answer.
   */
  async nothing(): Promise<void> {
    const bye = request(this, 'BYE');
    this.send(bye);
    const next = await this.take();
    if (next.status !== 481 || next.header('Call-ID') !== new Sip(bye).header('Call-ID'))
      throw new Error(`nothing was wanted, but this came: ${next.start}`);
  }

  protected put(message: Sip): void {
    if (this.onMessage) this.onMessage(message);
    else this.#inbox.put(message);
  }
}

export class UdpPeer extends Peer {
  readonly transport = 'UDP';
  readonly host: string;
  readonly port: number;
  readonly #socket: UdpSocket;
  #closed = false;

  private constructor(socket: UdpSocket, server: Address) {
    super(server);
    const { address, port } = socket.address();
    this.#socket = socket;
    this.host = address;
    this.port = port;
    // Where it sends to, nobody may listen.
    socket.on('error', () => undefined);
    socket.on('message', (bytes, from) => this.put(new Sip(bytes, { host: from.address, port: from.port })));
  }

  /** @param host one of the addresses of this machine, so that it is another host to the server */
  static async open(
    server: Address,
    host = server.host.includes(':') ? '::1' : '127.0.0.1',
    port = 0,
  ): Promise<UdpPeer> {
    // Room for the answers of a server that is faster than we are.
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_000_000 });
    socket.bind(port, host);
    await once(socket, 'listening');
    return new UdpPeer(socket, server);
  }

  /** Nothing happens once it is closed. */
  send(bytes: Buffer | string, to = this.server): void {
    if (!this.#closed) this.#socket.send(bytes, to.port, to.host);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

export class TcpPeer extends Peer {
  readonly transport: 'TCP' | 'TLS' | 'WSS';
  readonly host: string;
  readonly port: number;
  readonly closed: Promise<void>;
  open = true;
  readonly #socket: Socket | WebSocketStream;
  readonly #stray = new Inbox<Buffer>();
  #buffer = Buffer.alloc(0);

  /** @param ends of a connection that does not know them itself */
  constructor(
    socket: Socket | WebSocketStream,
    ends: Ends = socket instanceof WebSocketStream ? {} : socket,
  ) {
    super({ host: ends.remoteAddress ?? '', port: ends.remotePort ?? 0 });
    this.#socket = socket;
    this.transport = socket instanceof WebSocketStream ? 'WSS' : socket instanceof TLSSocket ? 'TLS' : 'TCP';
    this.host = ends.localAddress ?? '';
    this.port = ends.localPort ?? 0;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.once('end', () => (this.open = false));
    socket.once('close', () => (this.open = false));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  static async open(server: Address, own?: string): Promise<TcpPeer> {
    const socket = connect({ ...server, ...(own === undefined ? {} : { localAddress: own }) });
    await once(socket, 'connect');
    return new TcpPeer(socket);
  }

  /** A phone's TLS; whom it trusts is not the matter of these tests. */
  static async openTls(server: Address): Promise<TcpPeer> {
    const socket = secureConnect({ host: server.host, port: server.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return new TcpPeer(socket);
  }

  /** A browser does not know its address: what it says of it means nothing (RFC 7118 5). */
  static async openWss(server: Address): Promise<TcpPeer> {
    const ends = {
      remoteAddress: server.host,
      remotePort: server.port,
      localAddress: 'df7jal23ls0d.invalid',
    };
    return new TcpPeer(await WebSocketStream.open(server), ends);
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** What came between messages: keep-alive answers. */
  takeStray(wait = WAIT): Promise<Buffer> {
    return this.#stray.take('bytes between messages', wait);
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
      this.put(new Sip(this.#buffer.subarray(0, total), this.server));
      this.#buffer = this.#buffer.subarray(total);
    }
  }
}

/** A TCP server that waits for the SIP server to connect. */
export class TcpListener {
  readonly port: number;
  readonly #server: Server;
  readonly #peers = new Inbox<TcpPeer>();

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

  /** Connections that were not accepted. */
  get waiting(): readonly TcpPeer[] {
    return this.#peers.items;
  }

  accept(wait = WAIT): Promise<TcpPeer> {
    return this.#peers.take('a TCP connection', wait);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const peer of this.#peers.items) void peer.close();
    await closed;
  }
}
