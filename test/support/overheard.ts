/** A place between a client and a server where all that passes can be read, and changed. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Overheard {
  readonly port: number;
  /** What the client has sent so far, as latin1. */
  readonly said: string;
  close(): void;
}

/** @param change what becomes of a piece that the server sends */
export async function overhear(
  target: number,
  change: (data: Buffer) => Buffer = (data) => data,
): Promise<Overheard> {
  const sockets = new Set<Socket>();
  let said = '';
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => {
      said += data.toString('latin1');
      upstream.write(data);
    });
    upstream.on('data', (data) => client.write(change(data)));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get said() {
      return said;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
