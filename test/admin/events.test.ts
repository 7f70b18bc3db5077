/** What happens, as a program that listens hears it; and one that reads nothing holds up nobody. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EventStream } from '../../lib/admin/api/event-stream.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await aScene();
});
afterEach(() => scene.close());

async function listening(query = ''): Promise<{ heard: () => string; stop: () => void }> {
  const { admin } = scene.node;
  const stop = new AbortController();
  const headers = { Authorization: `Bearer ${admin.token}` };
  const answer = await admin.fetch(new Request(`http://localhost/api/events${query}`, { headers }));
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  const reader = answer.body!.getReader();
  void (async () => {
    for (;;) {
      const chunk = (await reader.read()) as { readonly done: boolean; readonly value?: Uint8Array };
      if (chunk.value === undefined) return;
      text += Buffer.from(chunk.value).toString();
    }
  })();
  stop.signal.addEventListener('abort', () => void reader.cancel());
  return { heard: () => text, stop: () => stop.abort() };
}

test('who listens hears what is stored, sent and ended, and of one box alone if that is wanted', async () => {
  const [all, carols] = [await listening(), await listening('?box=carol@example.org')];
  await scene.leave('bob', 'a secret');
  await scene.leave('carol', 'another');
  const bob = await scene.phone('bob');
  await bob.register({ expires: 600 });
  await bob.received(1);
  await until(() => {
    expect(all.heard().match(/^event: \w+$/gm)).toEqual(
      ['stored', 'stored', 'attempt', 'ended'].map((name) => `event: ${name}`),
    );
    expect(carols.heard().match(/^event: \w+$/gm)).toEqual(['event: stored']);
  });
  expect(all.heard()).toContain('"box":"bob@example.org"');
  expect(all.heard()).not.toContain('a secret');
  all.stop();
  carols.stop();
});

test('more than twenty are not served, and one that leaves makes room', async () => {
  const streams = [];
  for (let count = 0; count < 20; count++) streams.push(await listening());
  const { admin } = scene.node;
  const headers = { Authorization: `Bearer ${admin.token}` };
  const again = () => admin.fetch(new Request('http://localhost/api/events', { headers }));
  expect((await again()).status).toBe(503);
  streams[0]!.stop();
  await until(async () => expect((await again()).status).toBe(200));
  for (const { stop } of streams) stop();
});

test('who reads too slowly is told how much was left out, and never holds more than so much', async () => {
  let closed = 0;
  const stream = new EventStream(() => closed++, { events: 5, characters: 1_000 });
  for (let n = 0; n < 100; n++) stream.tell({ event: 'stored', data: { n } });
  const reader = stream.readable.getReader();
  let text = '';
  while (!text.includes('event: dropped')) text += Buffer.from((await reader.read()).value!).toString();
  const heard = [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n));
  const [, dropped] = /event: dropped\ndata: \{"count":(\d+)\}/.exec(text) ?? [];
  expect(heard).toEqual([0, 1, 2, 3, 4]);
  expect(Number(dropped)).toBe(95);
  stream.close();
  stream.close();
  expect(closed).toBe(1);
  expect((await reader.read()).done).toBe(true);
});

test('of events that are long fewer are kept', async () => {
  const stream = new EventStream(() => undefined, { events: 500, characters: 2_000 });
  for (let n = 0; n < 100; n++) stream.tell({ event: 'refused', data: { reason: 'x'.repeat(900) } });
  stream.close();
  let size = 0;
  for await (const chunk of stream.readable) size += chunk.length;
  expect(size).toBeLessThan(4_000);
});
