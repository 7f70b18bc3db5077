import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { gather } from '../../../lib/sip/admin/gather.ts';

test('what is written in one turn leaves in one write and in its order, also the last words before the end', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [Socket],
    unknown,
  ];
  const chunks: string[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const writes: number[] = [];
  const handle = (socket as unknown as { _handle: Record<string, (...args: unknown[]) => unknown> })._handle;
  for (const name of ['writev', 'writeUtf8String', 'writeLatin1String', 'writeBuffer']) {
    const original = handle[name]?.bind(handle);
    handle[name] = (...args) => {
      writes.push(1);
      return original?.(...args);
    };
  }
  gather(socket);
  const told: number[] = [];
  for (let nth = 0; nth < 50; nth++) socket.write(`${nth},`, () => told.push(nth));
  // As the answers to one commit come: each behind a promise of its own.
  await Promise.all(
    Array.from({ length: 50 }, async (_, nth) => {
      await Promise.resolve();
      socket.write(`${50 + nth},`, () => told.push(50 + nth));
    }),
  );
  expect(writes).toHaveLength(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(writes).toHaveLength(1);
  socket.end('end');
  await once(peer, 'end');
  expect(chunks.join('')).toBe(`${Array.from({ length: 100 }, (_, nth) => `${nth},`).join('')}end`);
  expect(told).toEqual(Array.from({ length: 100 }, (_, nth) => nth));
  peer.destroy();
  server.close();
});
