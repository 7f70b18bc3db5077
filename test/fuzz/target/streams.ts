/** TCP connections to the server: one for what is well-formed, and others that may be spoilt. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Chance } from '../../support/load/random.ts';

interface Server {
  readonly host: string;
  readonly port: number;
}

export interface Stream {
  /** Our own host:port. */
  readonly peer: string;
  readonly open: boolean;
  /** Sends in pieces of chance. */
  send(bytes: Buffer, chance?: Chance): void;
  close(): void;
}

/** Resolves undefined when nobody listens. */
export async function openStream(
  server: Server,
  onMessage: (bytes: Buffer) => void,
): Promise<Stream | undefined> {
  const socket = connect(server.port, server.host);
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect');
  } catch {
    return undefined;
  }
  socket.setNoDelay(true);
  let open = true;
  socket.on('close', () => (open = false));
  // What was sent to a server that hangs up first is lost: a new stream is needed.
  socket.on('end', () => (open = false));
  const reader = new Messages(onMessage);
  socket.on('data', (data) => reader.push(data));
  return {
    peer: `${socket.localAddress ?? ''}:${socket.localPort ?? 0}`,
    get open() {
      return open;
    },
    send: (bytes, chance) => write(socket, bytes, chance),
    close: () => socket.destroy(),
  };
}

function write(socket: Socket, bytes: Buffer, chance?: Chance): void {
  if (!chance || chance.next() < 0.7) {
    socket.write(bytes);
    return;
  }
  for (let at = 0; at < bytes.length;) {
    const size = chance.pick([1, 7, 100, 4_000, bytes.length]);
    socket.write(bytes.subarray(at, at + size));
    at += size;
  }
}

/** The messages of a stream of ours: the server's are sound, or the run has found something. */
class Messages {
  readonly #onMessage: (bytes: Buffer) => void;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(onMessage: (bytes: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(data: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
    for (;;) {
      let start = 0;
      while (this.#buffer[start] === 13 || this.#buffer[start] === 10) start++;
      this.#buffer = this.#buffer.subarray(start);
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#buffer.toString('latin1', 0, end);
      const total = end + 4 + Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(head)?.[1] ?? 0);
      if (this.#buffer.length < total) return;
      this.#onMessage(this.#buffer.subarray(0, total));
      this.#buffer = this.#buffer.subarray(total);
    }
  }
}
