/** A server as it is seen from another house: what it says arrives later, in order. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface FarAway {
  readonly port: number;
  close(): void;
}

/** @param ms by which each answer of the server on this port of loopback is late */
export async function farAway(target: number, ms: number): Promise<FarAway> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => upstream.write(data));
    client.on('close', () => upstream.end());
    // Timers of one length fire in the order in which they were set.
    upstream.on('data', (data) => setTimeout(() => client.write(data), ms));
    upstream.on('close', () => setTimeout(() => client.destroy(), ms));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
