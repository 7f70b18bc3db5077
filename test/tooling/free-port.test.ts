import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';

test('a free port can be bound for UDP and TCP, and is not handed out twice', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
  const tcp = createServer().listen(ports[0], '127.0.0.1');
  await once(tcp, 'listening');
  const udp = createSocket('udp4').bind(ports[0], '127.0.0.1');
  await once(udp, 'listening');
  tcp.close();
  udp.close();
});
