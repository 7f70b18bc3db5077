/** How the MySQL store locks rows: by their keys, in the order of the keys, all of a batch in a few statements, and no others. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../../support/mariadb.ts';
import { needing } from '../../support/needing.ts';
import { aBinding, aMessage, aRegister } from '../contract/messages.ts';
import { aPublication, aSubscription } from '../contract/mwi.ts';

const NOW = 1000;
const DELIVERED = { outcome: 'delivered', status: 200, reason: 'OK' } as const;
const LEAST_TIMES = { expires: NOW + 1, expTime: NOW + 1 };

describe('locks of the MySQL store', needing(mariadbMissing()), () => {
  let mariadb: TestMariaDb;
  let drop: () => Promise<void>;
  let other: Connection;
  let store: Store;
  /** In no order of names or keys. */
  const names = Array.from({ length: 150 }, (_, index) => `user${(index * 67) % 150}@example.org`);
  const some = names.slice(0, 60);

  beforeAll(async () => {
    mariadb = await startMariaDb();
  });
  afterAll(() => mariadb.stop());
  beforeEach(async () => {
    const database = await mariadb.createDatabase();
    drop = () => database.drop();
    store = await openStore(database.url, { now: () => NOW });
    other = await createConnection(database.url);
    // What it looks at and does not want is not locked.
    await other.query('set session transaction isolation level read committed');
  });
  afterEach(async () => {
    await other.end();
    await store.close();
    await drop();
  });

  const subscribe = (over: Parameters<typeof aSubscription>[1] = {}) =>
    Promise.all(
      names.map(async (mailbox) => {
        const subscription = aSubscription(mailbox, { device: mailbox.padStart(64, '-'), ...over });
        await store.subscribe(subscription);
        return subscription;
      }),
    );
  let cseq = 0;
  const register = (of: readonly string[], expires: number) => {
    cseq++;
    return Promise.all(
      of.map((aor) =>
        store.register(aRegister(aor, [aBinding(aor, `sip:${aor}`, { expires, cseq })], { cseq })),
      ),
    );
  };
  const publish = (of: readonly string[]) =>
    Promise.all(of.map((mailbox) => store.publish(aPublication(mailbox, LEAST_TIMES))));
  const accept = async () => {
    await Promise.all(names.map((box) => store.accept(aMessage(box, LEAST_TIMES))));
    return Promise.all(
      names.map(async (box) => {
        const claim = await store.claim(box, 'node', 30);
        const [message] = await store.waiting(box, NOW, 1);
        if (!('lease' in claim) || !message) throw new Error(`nothing waits for ${box}`);
        return { lease: claim.lease, message };
      }),
    );
  };
  const select = async (statement: string) => (await other.query<RowDataPacket[]>(statement))[0];

  /** Somebody else holds what belongs to the last name, while `work` is done with others. */
  async function whileHeld(tables: Readonly<Record<string, string>>, work: () => Promise<void>) {
    const held = names.at(-1);
    await other.query('begin');
    for (const [table, column] of Object.entries(tables)) {
      const rows = await select(`select 1 from ${table} where ${column} = '${held}' for update`);
      expect(rows, table).toHaveLength(1);
    }
    await work();
    await other.query('rollback');
  }

  test('a lamp does not wait for the subscription of another one', async () => {
    const all = await subscribe();
    await whileHeld({ mwi_subscription: 'mailbox', mwi_mailbox: 'aor' }, async () => {
      const mine = all.filter(({ mailbox }) => some.includes(mailbox));
      const refreshed = await Promise.all(mine.map((row) => store.refreshSubscription(row.id, row)));
      expect(new Set(refreshed)).toEqual(new Set([true]));
      const ids = mine.map(({ id }) => id);
      expect(await store.takeSubscriptions(ids, 'node-1', { node: 'node-2', run: 'r' })).toEqual(
        new Set(ids),
      );
      await Promise.all(
        mine.map(({ mailbox, device }) => store.subscribe(aSubscription(mailbox, { device }))),
      );
      expect(await store.subscriptionIds(some)).not.toContain(ids[0]);
      await store.unsubscribe(ids);
    });
  });

  test('a PUBLISH does not wait for the publication of another mailbox', async () => {
    await publish(names);
    await whileHeld({ mwi_publication: 'mailbox', mwi_mailbox: 'aor' }, async () => {
      expect(new Set(await publish(some))).toEqual(new Set(['changed']));
    });
  });

  test('a REGISTER does not wait for the bindings of others', async () => {
    await register(names, 5000);
    await whileHeld({ binding: 'aor' }, async () => {
      await register(some, 6000);
      const left = await Promise.all(
        some.map((aor) => store.register(aRegister(aor, '*', { cseq: cseq + 1 }))),
      );
      expect(left).toEqual(some.map(() => ({ bindings: [] })));
    });
  });

  test('the end of a message does not wait for the messages and leases of others', async () => {
    const all = await accept();
    await whileHeld({ silo: 'box', silo_lease: 'box', silo_ledger: 'box' }, async () => {
      const mine = all.filter(({ lease }) => some.includes(lease.box));
      const settled = await Promise.all(
        mine.map(({ lease, message }) => store.settle(lease, message, DELIVERED)),
      );
      expect(new Set(settled)).toEqual(new Set([true]));
    });
  });

  test('the end of a message does not wait for whoever counts its domain', async () => {
    const accepting = {
      box: { messages: 0, bytes: 0 },
      overflow: 'reject',
      receipts: 0,
      replaces: [],
    } as const;
    await store.accept(aMessage(names[0]!), { ...accepting, domain: { messages: 1000, bytes: 0 } });
    const claim = await store.claim(names[0]!, 'node', 30);
    if (!('lease' in claim)) throw new Error('somebody else has the lease');
    const [message] = await store.waiting(names[0]!, NOW, 1);
    await other.query('begin');
    expect(await select('select * from silo_usage for update')).toHaveLength(1);
    expect(await store.settle(claim.lease, message!, DELIVERED)).toBe(true);
    await other.query('rollback');
    expect(await select('select sum(messages) as n from silo_usage_change')).toEqual([{ n: '0' }]);
  });

  test('what is over goes, but for what somebody holds, which goes the next time', async () => {
    await Promise.all([subscribe({ expires: NOW + 1 }), publish(names), register(names, NOW + 1)]);
    for (const { lease } of await accept()) await store.release(lease);
    const sweep = async () => ({
      messages: (await store.expire(NOW + 1, 500)).length,
      publications: (await store.expirePublications(NOW + 1, 500)).length,
      subscriptions: await store.expireSubscriptions(NOW + 2, 500),
      bindings: await store.expireBindings(NOW + 1, 500),
    });
    const held = { silo: 'box', mwi_publication: 'mailbox', mwi_subscription: 'mailbox', binding: 'aor' };
    await whileHeld(held, async () => {
      expect(await sweep()).toEqual({ messages: 149, publications: 149, subscriptions: 149, bindings: 149 });
    });
    expect(await sweep()).toEqual({ messages: 1, publications: 1, subscriptions: 1, bindings: 1 });
    expect(await sweep()).toEqual({ messages: 0, publications: 0, subscriptions: 0, bindings: 0 });
  });

  test('a batch is a handful of statements, each by primary keys that rise', async () => {
    await subscribe();
    await publish(names);
    await register(names, 5000);
    const all = await accept();
    await select("set global log_output = 'TABLE'");
    await select('set global general_log = 1');
    const ids = (await subscribe()).map(({ id }) => id);
    await Promise.all(ids.map((id) => store.refreshSubscription(id, aSubscription(''))));
    await Promise.all(ids.map((id) => store.unsubscribe([id])));
    await publish(names);
    await register(names, 6000);
    await Promise.all(names.map((mailbox) => store.watchMailbox(mailbox, NOW)));
    await Promise.all(all.map(({ lease, message }) => store.settle(lease, message, DELIVERED)));
    await store.acceptAll(names.map((box) => aMessage(box)));
    await select('set global general_log = 0');
    const statements = (
      await select(
        "select convert(argument using utf8mb4) as said from mysql.general_log where command_type = 'Query'",
      )
    ).flatMap((row) => String(row['said']).split(';\n'));
    // Eight things were done with 150 rows each, and nine statements are the most that one of them takes.
    expect(statements.length).toBeLessThan(8 * 2 * 9);
    const locking = statements.filter((statement) =>
      /^update|^delete|for update|on duplicate/.test(statement),
    );
    expect(locking.length).toBeGreaterThan(12);
    for (const statement of locking) {
      const what = statement.slice(0, 200);
      if (!statement.startsWith('insert'))
        expect(statement.includes('force index (primary)'), what).toBe(true);
      const keys = keysOf(statement);
      expect(keys.length, what).toBeGreaterThan(1);
      expect(keys, what).toEqual([...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    }
  });
});

/** What is in the list of an `in`, the first column of what is inserted, or of the keys whose rows are deleted. */
function keysOf(statement: string): readonly (string | number)[] {
  if (statement.startsWith('delete'))
    return [...statement.matchAll(/select (?:convert\()?(?:'([^']*)'|(\d+))/g)].map(([, text, number]) =>
      number === undefined ? (text ?? '') : Number(number),
    );
  const list = statement.startsWith('insert')
    ? (statement.split(' values ')[1] ?? '')
    : (/ in \((.*)\)/s.exec(statement)?.[1] ?? '');
  if (/^\d/.test(list)) return list.split(', ').map(Number);
  const first = list.startsWith('(') ? /\('([^']*)'/g : /'([^']*)'/g;
  return [...list.matchAll(first)].map(([, key = '']) => key);
}
