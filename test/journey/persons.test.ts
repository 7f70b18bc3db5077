/** A person, whole: shown, and erased from everywhere. */
import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { afterEach, describe, expect, test } from 'vitest';
import type { PersonRecord } from '../../lib/silo/manage/operations.ts';
import { openStore } from '../../lib/stores/open.ts';
import { OWN, PASSED } from '../../lib/stores/shared/person-rows.ts';
import { aSubscriber } from '../stores/contract/users.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { LampPhone, voice } from '../support/lamp-phone.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const BOB = 'bob@example.org';

/** Columns that name nobody, and why not. A new column stands here, or in `lib/stores/shared/person-rows.ts`. */
const NOBODY: Readonly<Record<string, string>> = {
  binding:
    'contact_key contact expires q instance reg_id callid cseq path source server takes_message user_agent methods updated',
  mwi_change: 'id watchers at',
  mwi_mailbox: 'seen',
  mwi_publication: 'tag expires stamp',
  mwi_subscription:
    'id event_id device node run callid local_tag remote_tag routes source contact remote_cseq local_cseq aliased moved expires updated',
  // Names, bodies, headers and lists of devices go with their row; sender, dedup and thread are hashes.
  silo:
    'id inc_time exp_time snd_time ctype body extra_hdrs callid status dedup src_name dst_name date_time urgent next_time hops ' +
    'attempts strikes last_status refused_by taken_by kind size thread sender seal',
  silo_dead:
    'id dedup src_name dst_name inc_time exp_time snd_time date_time urgent ctype body extra_hdrs callid hops attempts taken_by ' +
    'kind end_time status reason seal',
  silo_ledger: 'dedup inc_time end_time outcome status reason',
  silo_device: 'device device_key first_seen until attempts strikes next_time last_status',
  silo_lease: 'owner ends fence',
  silo_box: 'domain messages first_id',
  silo_turn: 'turn at',
  silo_forget: 'node at',
  subscriber: 'id password ha1 ha1b ha1_sha256 ha1b_sha256',
  // Tables that know domains, nodes, keys and numbers only.
  silo_box_total: 'domain boxes messages turn counted',
  silo_usage: 'domain messages bytes counted',
  silo_usage_change: 'id domain messages bytes',
  silo_outcome: 'outcome n',
  silo_node: 'node run process server version started seen stopped',
  silo_nonce_key: 'id secret made',
  silo_body_key: 'id proof',
  silo_quarantine: 'id since',
  silo_schema: 'version name applied',
  // Hashes of what programs have asked.
  silo_submission: 'name content owner since outcome row_id',
};

/** Each table and column of the database is known to name people, or to name nobody. */
function expectKnown(columns: readonly (readonly [table: string, column: string])[]): void {
  const naming = new Map<string, readonly string[]>([
    ...Object.entries(PASSED).map(([table, { names }]) => [table, names] as const),
    ...Object.entries(OWN).map(
      ([table, where]) => [table, [...where.matchAll(/\w+(?= = \?)/g)].map(String)] as const,
    ),
  ]);
  const forgotten = columns.filter(
    ([table, column]) =>
      naming.get(table)?.includes(column) !== true && !(NOBODY[table] ?? '').split(' ').includes(column),
  );
  expect(forgotten).toEqual([]);
  expect(columns.length).toBeGreaterThan(100);
}

let scene: Scene;
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
});

/** Bob has something everywhere: a box, a dead letter, messages to others, an old life, a device, a lamp, publications. */
async function aLife(storeUrl: string): Promise<{ readonly lamp: LampPhone }> {
  scene = await aScene({
    storeUrl,
    silo: { deliverTo: 'every', tailTime: 0.05 },
    mwi: { publishers: ['127.0.0.1'], tailTime: 0.05 },
  });
  ends.push(() => scene.close());
  const { phone, node, leave } = scene;
  const lamps = await Promise.all(
    ['bob', 'carol', 'vm'].map((name) => LampPhone.start(name, { server: node.server })),
  );
  for (const lamp of lamps) ends.push(() => lamp.close());
  const [lamp, carol, vm] = lamps as [LampPhone, LampPhone, LampPhone];
  let status = 603;
  const device = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
  const register = () => device.register({ expires: 600, params: ';+sip.instance="<urn:uuid:1>"' });
  await leave('bob', 'a dead letter');
  await register();
  await until(async () => expect(await node.store.ledger()).toMatchObject({ dead: 1 }));
  await device.unregister();
  status = 200;
  await leave('bob', 'delivered long ago');
  await register();
  await until(async () => expect(await node.store.ledger()).toMatchObject({ delivered: 1 }));
  await device.unregister();
  status = 500;
  await leave('bob', 'one', 'two');
  await register();
  await until(async () =>
    expect((await node.silo.boxes.show(BOB)).stuck).toMatchObject({ reason: 'back-off' }),
  );
  await device.message('carol', 'from bob');
  await leave('carol', 'from alice');
  await lamp.subscribe();
  await carol.subscribe();
  await vm.publish(BOB, voice(2, 1));
  await lamp.publish('carol@example.org', voice(1, 0));
  await node.store.putSubscriber(aSubscriber('bob'));
  await node.store.putSubscriber(aSubscriber('carol'));
  return { lamp };
}

async function eraseAndCheck(dump: () => Promise<string> | string, compact: boolean): Promise<void> {
  const { node } = scene;
  expect(await dump()).toContain(BOB);
  const { erased, left } = await node.silo.persons.erase(`sip:${BOB}`, { compact });
  const rows = Object.fromEntries(erased.map(({ table, rows: count }) => [table, count]));
  expect(rows).toMatchObject({
    silo_dead: expect.any(Number) as number,
    mwi_publication: 2,
    mwi_subscription: 1,
    subscriber: 1,
  });
  expect(rows['silo']).toBeGreaterThanOrEqual(1);
  expect(rows['binding']).toBeGreaterThanOrEqual(1);
  expect(left.join(' ')).toContain('Backups');
  expect(await dump()).not.toContain(BOB);
  // Others keep what is theirs.
  const carol = await node.silo.boxes.show('carol@example.org', { bodies: true });
  expect(carol.messages.map(({ body }) => body!.toString())).toEqual(['from alice']);
  expect((await node.mwi.mailboxes.show('carol@example.org')).watchers).toHaveLength(1);
  expect(await node.store.subscriber('carol', 'example.org')).toBeDefined();
  expect(await node.silo.messages.show('unknown')).toEqual([]);
}

async function exportedOf(): Promise<readonly PersonRecord[]> {
  const records: PersonRecord[] = [];
  for await (const record of scene.node.silo.persons.export(BOB)) records.push(record);
  return records;
}

function expectExported(records: readonly PersonRecord[]): void {
  const kinds = new Set(records.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    ...[
      'binding',
      'dead-letter',
      'device',
      'ledger',
      'mailbox',
      'message',
      'publication',
      'subscription',
      'user',
    ],
  ]);
  const bodies = records.filter(({ kind }) => kind === 'message').map(({ as, data }) => [as, data['body']]);
  expect(bodies).toContainEqual(['sender', 'from bob']);
  expect(JSON.stringify(records)).toContain('a dead letter');
  expect(JSON.stringify(records)).not.toContain('from alice');
  const user = records.find(({ kind }) => kind === 'user');
  expect(user!.data).not.toHaveProperty('ha1');
}

async function expectTold(lamp: LampPhone): Promise<void> {
  await until(() => {
    const last = lamp.phone.requests.filter(({ method }) => method === 'NOTIFY').at(-1);
    expect(last!.header('Subscription-State')).toContain('terminated;reason=noresource');
  });
}

describe('on SQLite', () => {
  const fileOf = () => {
    const folder = temporaryFolder('silo-persons');
    ends.push(() => folder.remove());
    return join(folder.path, 'silo.db');
  };

  test('each table and column is known to name people or nobody', async () => {
    const path = fileOf();
    await (await openStore(`sqlite:${path}`)).close();
    const database = new DatabaseSync(path);
    const rows = database
      .prepare(
        "select t.name as name, c.name as col from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table'",
      )
      .all() as { name: string; col: string }[];
    database.close();
    expectKnown(rows.filter(({ name }) => !name.startsWith('sqlite_')).map(({ name, col }) => [name, col]));
  });

  test(
    'everything of a person is exported, then erased down to the last byte of the files',
    { timeout: 60_000 },
    async () => {
      const path = fileOf();
      const { lamp } = await aLife(`sqlite:${path}`);
      expectExported(await exportedOf());
      const bytes = () =>
        [path, `${path}-wal`]
          .map((file) => (existsSync(file) ? readFileSync(file).toString('latin1') : ''))
          .join('');
      await eraseAndCheck(bytes, true);
      await expectTold(lamp);
      expect(await exportedOf()).toEqual([]);
      // A person of whom nothing is known is erased, too.
      const { erased } = await scene.node.silo.persons.erase('nobody@example.org');
      expect(erased.every(({ rows }) => rows === 0)).toBe(true);
    },
  );

  test('is refused with 409 while a node serves the box', async () => {
    scene = await aScene();
    ends.push(() => scene.close());
    await scene.leave('bob', 'one');
    await scene.node.store.claim(BOB, 'other/run', 30);
    await expect(scene.node.silo.persons.erase(BOB)).rejects.toMatchObject({
      code: 'SILO_REFUSED',
      status: 409,
    });
    expect(await scene.texts('bob')).toEqual(['one']);
  });
});

describe('on MariaDB', needing(mariadbMissing()), () => {
  test('everything of a person is exported, then erased from every table', { timeout: 60_000 }, async () => {
    const database = await (await sharedMariaDb()).createDatabase();
    ends.push(() => database.drop());
    const { lamp } = await aLife(database.url);
    const connection = await mysql.createConnection({ uri: database.url, charset: 'utf8mb4_bin' });
    ends.push(() => connection.end());
    const [columns] = await connection.query<RowDataPacket[]>(
      'select table_name as t, column_name as c from information_schema.columns where table_schema = database()',
    );
    expectKnown(columns.map((row) => [String(row['t']), String(row['c'])]));
    expectExported(await exportedOf());
    const dump = async () => {
      const texts: string[] = [];
      for (const table of new Set(columns.map((row) => String(row['t'])))) {
        const [rows] = await connection.query<RowDataPacket[]>(`select * from ${table}`);
        texts.push(JSON.stringify(rows.map((row) => Object.values(row).map(String))));
      }
      return texts.join('\n');
    };
    await eraseAndCheck(dump, false);
    await expectTold(lamp);
    expect(await exportedOf()).toEqual([]);
  });
});
