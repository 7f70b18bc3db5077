import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux, 49152
 * and up elsewhere): between our look and the caller's bind nobody gets the port by chance.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** What this process has handed out: two callers in a row never get the same number. */
const given = new Set<number>();

/** A port on 127.0.0.1 that is free for UDP and for TCP. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (given.has(port) || !(await freeForTcp(port)) || !(await freeForUdp(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(
    `No free port found between ${LOWEST} and ${HIGHEST} on 127.0.0.1; close what listens there.`,
  );
}

async function freeForTcp(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

async function freeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
  } catch {
    return false;
  }
  socket.close();
  await once(socket, 'close');
  return true;
}
