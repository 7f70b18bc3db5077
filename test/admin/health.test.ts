/** Is it ready? `/readyz` and OPTIONS say the same. */
import { afterEach, expect, test } from 'vitest';
import { createReadiness } from '../../lib/admin/health/readiness.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

let scene: Scene;
afterEach(() => scene.close());

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function readyz(): Promise<Answer> {
  const { admin } = scene.node;
  const headers = { Authorization: `Bearer ${admin.token}` };
  const answer = await admin.fetch(new Request('http://localhost/readyz', { headers }));
  return { status: answer.status, body: await answer.json() };
}

test('ready, without drachtio-server, ready again, without a database: OPTIONS gets the same answer', async () => {
  scene = await aScene();
  const alice = await scene.phone('alice');
  const options = async () => (await alice.request('OPTIONS', 'sip:example.org', 'a@example.org', {})).status;
  expect([await readyz(), await options()]).toMatchObject([{ status: 200, body: { status: 'ready' } }, 200]);
  await until(async () => {
    // It is back within milliseconds, and a look is good for a second.
    scene.node.front.dropApps();
    expect(await readyz()).toMatchObject({
      status: 503,
      body: { why: 'There is no connection to drachtio-server.', checks: { drachtio: { ok: false } } },
    });
  });
  await until(async () => expect((await readyz()).status).toBe(200));
  await scene.node.store.close();
  await until(async () =>
    expect(await readyz()).toMatchObject({
      status: 503,
      body: { status: 'not ready', why: expect.stringMatching(/^The database is away: /) as string },
    }),
  );
  expect(await options()).toBe(503);
});

test('too much to do is said, and so is what could be lost in a crash, which keeps nobody away', async () => {
  scene = await aScene();
  const well = await scene.node.silo.health();
  const busy = await createReadiness(() =>
    Promise.resolve({ ...well, ok: false, busy: '1001 messages wait' }),
  )();
  expect(busy).toMatchObject({ ready: false, why: 'There is too much to do: 1001 messages wait.' });
  const unsafe = await createReadiness(() => Promise.resolve({ ...well, warnings: ['sync_binlog = 0.'] }))();
  expect(unsafe).toMatchObject({
    ready: true,
    why: '',
    checks: { durability: { ok: false, detail: 'sync_binlog = 0.' } },
  });
});

test('starting and stopping it is not ready', async () => {
  scene = await aScene();
  const { health } = scene.node.silo;
  expect(await createReadiness(health, () => 'starting')()).toMatchObject({ why: 'It is starting.' });
  expect(await createReadiness(health, () => 'draining')()).toMatchObject({ why: 'It is stopping.' });
});

test('a database that hangs is away, and asked once for all who want to know', async () => {
  scene = await aScene();
  let asked = 0;
  const readiness = createReadiness(() => {
    asked++;
    return new Promise(() => undefined);
  });
  const answers = await Promise.all([readiness(), readiness()]);
  for (const { why } of answers) expect(why).toBe('The database is away: it gave no answer within 3000 ms');
  expect(asked).toBe(1);
});
