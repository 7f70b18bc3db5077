/** Streams of events over real connections: they end when the application stops, and who does not read costs nothing that grows. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { createAdmin } from '../../lib/admin/admin.ts';
import { createEmitter } from '../../lib/base/emitter.ts';
import { logger } from '../../lib/base/log.ts';
import type { SiloEvents } from '../../lib/silo/state/events.ts';
import { startNode } from '../support/node.ts';
import { turns, until } from '../support/until.ts';

const TOKEN = 'b7Yx0q9fWmT3kLr8ZsVn2HcE';
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
});

/** Reads all of it. */
async function listening(at: string) {
  const asking = request(new URL('api/events', at), { headers: { Authorization: `Bearer ${TOKEN}` } });
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined).resume();
  return answer;
}

test('they end as answers end, whole and at once, when the application stops', async () => {
  const node = await startNode({ admin: { listen: '127.0.0.1:0', token: TOKEN } });
  const answer = await listening(node.http ?? '');
  const over = once(answer, 'close');
  await node.close();
  await over;
  // One that is cut off has no last piece.
  expect(answer.complete).toBe(true);
});

test('behind a listener of the host they end with close() as well, and none begins after it', async () => {
  const node = await startNode();
  ends.push(() => node.close());
  const admin = createAdmin({ silo: node.silo, store: node.store }, { token: TOKEN });
  const ask = () =>
    admin.fetch(
      new Request('http://localhost/api/events', { headers: { Authorization: `Bearer ${TOKEN}` } }),
    );
  const answer = await ask();
  await admin.close();
  expect(await answer.text()).toBe('retry: 5000\n\n');
  expect((await ask()).status).toBe(503);
});

/** Bytes that are in use, garbage left out. */
function inUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

test(
  'a hundred that read nothing hold no more than so much, whatever happens',
  { timeout: 60_000 },
  async () => {
    const node = await startNode();
    ends.push(() => node.close());
    const events = createEmitter<SiloEvents>(logger('test'));
    const admin = createAdmin(
      { silo: { ...node.silo, events }, store: node.store },
      { token: TOKEN, listen: '127.0.0.1:0' },
    );
    const { hostname, port } = new URL((await admin.open()) ?? '');
    ends.push(() => admin.close());
    const heads: string[] = [];
    const readers: Socket[] = [];
    for (let count = 0; count < 100; count++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      ends.push(() => socket.destroy());
      // The head of its answer, and then nothing more.
      socket.once('data', (data) => {
        socket.pause();
        heads.push(String(data).slice(9, 12));
      });
      await once(socket, 'connect');
      socket.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
      readers.push(socket);
    }
    await until(() => expect(heads).toHaveLength(100));
    expect(heads.filter((status) => status === '200')).toHaveLength(20);
    expect(heads.filter((status) => status === '503')).toHaveLength(80);
    const happen = async (thousands: number) => {
      for (let n = 0; n < thousands; n++) {
        for (let k = 0; k < 1_000; k++) events.emit('refused', { status: 480, reason: 'x'.repeat(1_000) });
        await turns(2);
      }
    };
    // What sockets hold is full after this.
    await happen(20);
    const before = inUse();
    await happen(20);
    expect((inUse() - before) / 1_048_576).toBeLessThan(5);
  },
);
