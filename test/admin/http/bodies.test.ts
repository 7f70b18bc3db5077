/** Bodies as clients send them: with their length, in pieces, or none where one could be; and none that is too large. */
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aScene, type Scene } from '../../support/scene.ts';

let scene: Scene;
let port: number;
let close: () => void;
beforeEach(async () => {
  scene = await aScene();
  const server = createServer(scene.node.admin.listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  close = () => void server.close();
});
afterEach(async () => {
  close();
  await scene.close();
});

/** Without a length: the body in pieces (RFC 9112 7.1), or none at all. */
async function send(method: string, path: string, ...pieces: readonly string[]) {
  const headers = {
    Authorization: `Bearer ${scene.node.admin.token}`,
    'Content-Type': 'application/json',
    ...(pieces.length > 0 ? { 'Transfer-Encoding': 'chunked' } : {}),
  };
  const asking = request({ host: '127.0.0.1', port, method, path: `/api${path}`, headers });
  for (const piece of pieces) asking.write(piece);
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) as unknown };
}

const MESSAGE = { from: 'shop@example.org', to: 'bob@example.org', body: 'Your parcel is here.' };

test('a body in pieces is put together', async () => {
  const whole = JSON.stringify(MESSAGE);
  expect(await send('POST', '/messages', whole.slice(0, 10), whole.slice(10))).toMatchObject({
    status: 200,
    body: { outcome: 'stored' },
  });
  expect(await scene.texts('bob')).toEqual([MESSAGE.body]);
});

test('a DELETE has none, and needs not say so', async () => {
  await scene.leave('bob', 'one');
  expect(await send('DELETE', '/boxes/bob@example.org')).toEqual({ status: 200, body: { count: 1 } });
});

test('one that grows too large in pieces is refused as one that says so is', async () => {
  const pieces = Array.from({ length: 30 }, () => 'x'.repeat(10_000));
  expect(await send('POST', '/messages', ...pieces)).toMatchObject({ status: 413 });
  const { admin } = scene.node;
  const headers = { Authorization: `Bearer ${admin.token}`, 'Content-Length': '262145' };
  const asked = new Request('http://localhost/api/messages', { method: 'POST', headers, body: 'x' });
  expect((await admin.fetch(asked)).status).toBe(413);
});
