/** Counters and health (msilo's statistics, with their right meaning). */
import { afterEach, expect, test } from 'vitest';
import { aScene, type Scene } from '../../support/scene.ts';
import { until } from '../../support/until.ts';

let scene: Scene;
afterEach(() => scene.close());

test('what was stored, tried, delivered, refused and given up is counted, reminders apart', async () => {
  scene = await aScene({ silo: { tailTime: 0.05, checkTime: 0.05, sendAtHeader: 'X-Send-At' } });
  const { silo } = scene.node;
  const alice = await scene.phone('alice');
  await scene.leave('bob', 'one', 'bad');
  await alice.message('bob', 'later', {
    headers: { 'X-Send-At': new Date((scene.time + 10) * 1000).toISOString() },
  });
  await alice.message('bob', 'now', { headers: { Expires: '0' } });
  await alice.message('carol', 'brief', { headers: { Expires: '5' } });
  const bob = await scene.phone('bob', {
    react: ({ method, body }) => (method === 'MESSAGE' && body.toString() === 'bad' ? 603 : 200),
  });
  await bob.register({ expires: 600 });
  await bob.received(2);
  scene.time += 10;
  await bob.received(3);
  await until(() =>
    expect(silo.statistics()).toMatchObject({
      stored: 4,
      refused: { '480': 1 },
      attempts: { '200': 2, '603': 1 },
      delivered: 2,
      reminders: 1,
      dead: 1,
      expired: 1,
      erased: 0,
      leasesLost: 0,
      lanes: 0,
    }),
  );
  const { accept, wait } = silo.statistics();
  expect(accept.counts.reduce((sum, count) => sum + count)).toBe(4);
  expect(accept.sum).toBeGreaterThan(0);
  // The one at once, the other at its time.
  expect([wait.counts[0], wait.sum]).toEqual([2, 0]);
});

test('health: well, without drachtio-server, without a database', async () => {
  scene = await aScene();
  const { silo, front, store } = scene.node;
  expect(await silo.health()).toEqual({
    ok: true,
    drachtio: true,
    store: '',
    busy: '',
    warnings: [],
    quarantine: '',
  });
  front.dropApps();
  await until(async () =>
    expect(await silo.health()).toMatchObject({ ok: false, drachtio: false, store: '' }),
  );
  await until(async () => expect((await silo.health()).ok).toBe(true));
  await store.close();
  expect(await silo.health()).toMatchObject({
    ok: false,
    store: expect.stringContaining('database') as string,
  });
});
