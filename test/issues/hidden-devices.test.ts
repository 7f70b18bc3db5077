/** What is due was read a thousand boxes at a time, the earliest first: those of another node's devices stay due, and hid the rest. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aScene, type Scene } from '../support/scene.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const OTHERS = 1100;
const EVER = 9_999_999_999;

let folder: ReturnType<typeof temporaryFolder>;
let scene: Scene;
let file = '';
beforeEach(() => {
  folder = temporaryFolder('silo-hidden');
  file = join(folder.path, 'silo.db');
});
afterEach(async () => {
  await scene.close();
  folder.remove();
});

/** As another program would. */
function run(statement: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma busy_timeout = 5000');
    database.exec(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${OTHERS})
      ${statement}`);
  } finally {
    database.close();
  }
}

/** Devices whose connections another node has, which lives: nothing of theirs is ours to send. */
const ELSEWHERE = `insert into binding (aor, contact_key, contact, expires, instance, source, server)
  select 'user' || n || '@example.org', 'x', 'sip:user@192.0.2.1:' || n || ';transport=tcp', ${EVER}, 'urn:uuid:' || n,
    'tcp:' || n || ':192.0.2.1', 'udp/192.0.2.2:5060' from numbers`;

test('1,100 boxes whose devices another node serves hide none that is due at this one', async () => {
  scene = await aScene({
    storeUrl: `sqlite:${file}`,
    front: {},
    silo: { deliverTo: 'every', tailTime: 0.1 },
  });
  let busy = true;
  const bob = await scene.phone('bob', {
    react: ({ method }) => (method === 'MESSAGE' && busy ? 486 : 200),
  });
  await bob.register({ expires: 3600 });
  await scene.leave('bob', 'text');
  await bob.received(1);
  const backOff = async () => (await scene.node.store.deviceStates('bob@example.org'))[0]?.nextTime ?? 0;
  await until(async () => expect(await backOff()).toBeGreaterThan(0));
  run(ELSEWHERE);
  run(`insert into silo_device (box, device, first_seen, until, attempts, next_time)
    select 'user' || n || '@example.org', 'urn:uuid:' || n, 1, ${EVER}, 1, 1 from numbers`);
  busy = false;
  scene.time = await backOff();
  await bob.received(2);
  await until(async () =>
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1 }),
  );
});

test('neither do messages of theirs that are due, where the first device is enough', async () => {
  scene = await aScene({ storeUrl: `sqlite:${file}`, front: {}, silo: { tailTime: 0.1 } });
  let busy = true;
  const bob = await scene.phone('bob', {
    react: ({ method }) => (method === 'MESSAGE' && busy ? 486 : 200),
  });
  await bob.register({ expires: 3600 });
  await scene.leave('bob', 'text');
  await bob.received(1);
  const due = async () =>
    (await scene.node.store.waiting('bob@example.org', scene.time, 1))[0]?.nextTime ?? 0;
  await until(async () => expect(await due()).toBeGreaterThan(0));
  run(ELSEWHERE);
  run(`insert into silo (box, dedup, domain, exp_time, next_time)
    select 'user' || n || '@example.org', printf('%064d', n), 'example.org', ${EVER}, 1 from numbers`);
  busy = false;
  scene.time = await due();
  await bob.received(2);
});
