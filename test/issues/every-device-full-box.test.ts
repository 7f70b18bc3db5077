/** With a device away all that it is owed stays in the box: one more message for the others must not read all of that again. */
import { afterEach, expect, test } from 'vitest';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

let scene: Scene;
afterEach(() => scene.close());

const idle = () => until(() => scene.node.silo.statistics().lanes === 0);
const params = (n: number) => `;+sip.instance="<urn:uuid:device-${n}>"`;

test('a live message costs as many queries with 300 messages in the box as with none', async () => {
  scene = await aScene({ silo: { deliverTo: 'every' }, limits: { limits: false } });
  const devices = await Promise.all([1, 2, 3].map(() => scene.phone('bob')));
  for (const [n, one] of devices.entries()) await one.register({ expires: 600, params: params(n) });
  const [away, ...here] = devices;
  await away!.unregister();

  const texts = Array.from({ length: 300 }, (_, n) => `message ${n}`);
  await scene.leave('bob', ...texts);
  for (const one of here) await one.received(300);
  await idle();
  scene.time += 5;
  const before = new Map(scene.node.calls);
  await scene.leave('bob', 'one more');
  for (const one of here) await one.received(301);
  await idle();
  for (const method of ['waiting', 'bindings'])
    expect((scene.node.calls.get(method) ?? 0) - (before.get(method) ?? 0), method).toBeLessThan(30);

  await away!.register({ expires: 600, params: params(0) });
  await away!.received(301);
  expect(away!.texts).toEqual([...texts, 'one more']);
  await until(async () => expect((await scene.node.store.ledger()).waiting).toBe(0));
});
