/** What Prometheus is told is what has happened. */
import { Counter, Histogram as PromHistogram, Registry } from 'prom-client';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createAdmin } from '../../lib/admin/admin.ts';
import { ReadHistogram } from '../../lib/admin/metrics/read-histogram.ts';
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import { Histogram } from '../../lib/base/histogram.ts';
import { marked } from '../docs/pages.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import type { TestNode } from '../support/node.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

async function scraped({ admin }: Pick<TestNode, 'admin'>): Promise<Map<string, number>> {
  const headers = { Authorization: `Bearer ${admin.token}` };
  const answer = await admin.fetch(new Request('http://localhost/metrics', { headers }));
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name = '', value] = /^(.*) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

describe('/metrics', () => {
  test('counts what was accepted, tried, ended and refused, and says what waits and since when', async () => {
    scene = await aScene({ silo: { tailTime: 0.05, checkTime: 0.05 } });
    const { node } = scene;
    await scene.leave('bob', 'one', 'bad');
    await scene.leave('carol', 'waits');
    const alice = await scene.phone('alice');
    await alice.message('bob', 'now', { headers: { Expires: '0' } });
    const lamp = await LampPhone.start('bob', {
      server: node.server,
      react: ({ method, body }) => (method === 'MESSAGE' && body.toString() === 'bad' ? 603 : 200),
    });
    await lamp.subscribe();
    scene.time += 7;
    await lamp.phone.register({ expires: 600 });
    await lamp.phone.received(2);
    await until(async () => {
      const all = await scraped(node);
      expect(Object.fromEntries(all)).toMatchObject({
        silo_messages_accepted_total: 3,
        'silo_messages_refused_total{status="480",reason="full"}': 1,
        'silo_messages_ended_total{outcome="delivered"}': 1,
        'silo_messages_ended_total{outcome="dead"}': 1,
        'silo_messages_ended_total{outcome="expired"}': 0,
        'silo_attempts_total{class="2xx"}': 1,
        'silo_attempts_total{class="6xx"}': 1,
        'silo_attempts_total{class="silent"}': 0,
        silo_accept_seconds_count: 3,
        silo_wait_seconds_sum: 7,
        'silo_wait_seconds_bucket{le="5"}': 0,
        'silo_wait_seconds_bucket{le="15"}': 1,
        silo_leases_lost_total: 0,
        silo_lanes: 0,
        silo_subscriptions: 1,
        silo_ready: 1,
        'silo_check_ok{check="database"}': 1,
        'silo_store_connections{state="open"}': 1,
        'silo_limits_refused_total{limit="sender"}': 0,
      });
      expect(all.get('silo_notifies_total{class="2xx"}')).toBeGreaterThan(1);
      expect(all.get('silo_lamp_seconds_count')).toBeGreaterThan(0);
      expect(all.get('silo_store_wait_seconds_count')).toBeGreaterThan(10);
      expect(all.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    }, 8_000);
    // What waits is looked at once in a while: another admin has not looked yet.
    const fresh = await scraped({ admin: createAdmin({ ...node, now: () => scene!.time }) });
    expect([
      fresh.get('silo_messages_waiting'),
      fresh.get('silo_dead_letters'),
      fresh.get('silo_oldest_message_age_seconds'),
    ]).toEqual([1, 1, 7]);
    lamp.phone.close();
  });

  test('counts what came of asking who somebody is', async () => {
    scene = await aScene({ auth: { mode: 'on' } });
    await scene.node.store.putSubscriber(subscriberOf('bob@example.org', 'sesame'));
    const bob = await scene.phone('bob', { password: 'sesame' });
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    const wrong = await scene.phone('bob', { password: 'another' });
    await wrong.register({ expires: 600 });
    const all = await scraped(scene.node);
    const of = (result: string) => all.get(`silo_auth_results_total{result="${result}"}`) ?? 0;
    expect([of('asked'), of('proved'), of('trusted')]).toEqual([2, 1, 0]);
    expect(of('wrong')).toBeGreaterThan(0);
  });

  test('is there while the database is away, without what only that knows', async () => {
    scene = await aScene();
    await scene.node.store.close();
    await until(async () => expect((await scraped(scene!.node)).get('silo_ready')).toBe(0));
    const all = await scraped(scene.node);
    expect(all.get('silo_check_ok{check="database"}')).toBe(0);
    expect(all.has('silo_messages_waiting')).toBe(false);
  });

  test('a host app has its own metrics beside ours, in a registry that it has already', async () => {
    scene = await aScene();
    const registry = new Registry();
    new Counter({ name: 'calls_total', help: 'Calls.', registers: [registry] }).inc(5);
    const all = await scraped({ admin: createAdmin({ ...scene.node, registry }) });
    expect([all.get('calls_total'), all.get('silo_messages_accepted_total')]).toEqual([5, 0]);
    expect(all.has('process_cpu_seconds_total')).toBe(false);
  });

  test('no stranger makes a series: whatever is asked for is one of a few areas', async () => {
    scene = await aScene();
    const { admin } = scene.node;
    for (let index = 0; index < 50; index++)
      await admin.fetch(new Request(`http://localhost/${'x'.repeat(index)}/${index}`));
    const names = [...(await scraped(scene.node)).keys()].filter((name) => name.includes('http_requests'));
    expect(names).toEqual(['silo_http_requests_total{area="page",class="4xx"}']);
  });
});

test('a distribution that is read is the histogram that prom-client would have made', async () => {
  const bounds = [0.001, 0.01, 0.1, 1];
  const value = fc.oneof(fc.constantFrom(...bounds, 0), fc.double({ min: 0, max: 5, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 40 }), async (values) => {
      const [theirs, ours] = [new Registry(), new Registry()];
      const reference = new PromHistogram({ name: 'a', help: 'b', buckets: bounds, registers: [theirs] });
      const histogram = new Histogram(bounds);
      new ReadHistogram({ name: 'a', help: 'b' }, ours, () => histogram.read());
      for (const one of values) {
        reference.observe(one);
        histogram.observe(one);
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }),
    { numRuns: 100 },
  );
});

test('docs/metrics.md has each metric with what it means', async () => {
  scene = await aScene();
  await scraped(scene.node);
  const metrics = (await scene.node.admin.registry.getMetricsAsJSON()).filter(({ name }) =>
    name.startsWith('silo_'),
  );
  const rows = metrics
    .toSorted((one, other) => one.name.localeCompare(other.name))
    .map(({ name, type, help }) => `| \`${name}\` | ${String(type)} | ${help} |\n`);
  const table = `\n| metric | type | says |\n| --- | --- | --- |\n${rows.join('')}\n`;
  expect(marked('docs/metrics.md', 'metrics', table)).toBe(table);
});
