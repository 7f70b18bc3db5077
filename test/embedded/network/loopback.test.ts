import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LoopbackPorts } from '../../../lib/embedded/network/loopback.ts';
import { freePort } from '../../support/free-port.ts';
import { needing } from '../../support/needing.ts';

const missing = existsSync('/proc/net/udp') ? undefined : 'this system has no /proc/net/udp to ask';

describe('who listens on loopback', needing(missing), () => {
  test('a port that nobody has is closed; an address elsewhere is not known', async () => {
    const ports = new LoopbackPorts();
    const port = await freePort();
    expect(await ports.isClosed({ host: '127.0.0.1', port })).toBe(true);
    expect(await ports.isClosed({ host: '192.0.2.1', port })).toBe(false);
  });

  test('a socket opened a moment ago is never taken for closed, however many come and go', async () => {
    const ports = new LoopbackPorts();
    const verdicts = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i % 50));
        const socket = createSocket('udp4').bind(0, '127.0.0.1');
        await once(socket, 'listening');
        const closed = await ports.isClosed({ host: '127.0.0.1', port: socket.address().port });
        socket.close();
        return closed;
      }),
    );
    expect(verdicts.filter(Boolean)).toEqual([]);
  });
});
