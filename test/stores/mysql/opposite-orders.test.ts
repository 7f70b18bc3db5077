/**
 * Two nodes whose batches are about the same rows in opposite orders, on a database that is 2 ms away. SUBSCRIBEs and PUBLISHes
 * of the same mailboxes once stalled each other for seconds there, by deadlocks and by a round trip for each under the locks of all.
 */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { farAway, type FarAway } from '../../support/far-away.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../../support/mariadb.ts';
import { urlOf } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { aBinding, aMessage, aRegister } from '../contract/messages.ts';
import { aPublication, aSubscription } from '../contract/mwi.ts';

const AWAY_MS = 2;
const ROUNDS = 8;
const NOW = 1000;
const NAMES = Array.from({ length: 60 }, (_, index) => `user${index}@example.org`);
const ORDERS = [NAMES, [...NAMES].reverse()] as const;

describe('two nodes with batches in opposite orders', needing(mariadbMissing()), () => {
  let mariadb: TestMariaDb;
  let link: FarAway;
  let other: Connection;
  let nodes: readonly [Store, Store];
  let before = 0;

  beforeAll(async () => {
    mariadb = await startMariaDb();
    const { name, url } = await mariadb.createDatabase();
    link = await farAway(mariadb.port, AWAY_MS);
    const far = urlOf(link.port, name);
    const open = () => openStore(far, { now: () => NOW });
    nodes = [await open(), await open()];
    other = await createConnection(url);
  });
  afterAll(async () => {
    for (const store of nodes) await store.close();
    await other.end();
    link.close();
    await mariadb.stop();
  });
  beforeEach(async () => {
    before = await deadlocks();
  });

  async function deadlocks(): Promise<number> {
    const [rows] = await other.query<RowDataPacket[]>(
      "select count from information_schema.innodb_metrics where name = 'lock_deadlocks'",
    );
    return Number(rows[0]?.['count']);
  }

  /** What each node does at once, each with the names in its own order; nothing of it is refused. */
  async function bothDo(work: (store: Store, names: readonly string[], round: number) => Promise<unknown>[]) {
    for (let round = 0; round < ROUNDS; round++)
      await Promise.all(nodes.flatMap((store, node) => work(store, ORDERS[node] ?? NAMES, round)));
    expect((await deadlocks()) - before).toBe(0);
  }

  test('SUBSCRIBE and PUBLISH for the same mailboxes, new and replacing', async () => {
    await bothDo((store, names, round) =>
      names.flatMap((mailbox, index) => [
        store.subscribe(
          aSubscription(mailbox, index % 2 === round % 2 ? { device: mailbox.padStart(64, 'd') } : {}),
        ),
        store.publish(aPublication(mailbox)),
        store.watchMailbox(mailbox, NOW),
      ]),
    );
  });

  test('refreshes, ends and take-overs of the same subscriptions, while phones subscribe again', async () => {
    const all = NAMES.map((mailbox) => aSubscription(mailbox, { device: mailbox.padStart(64, 'e') }));
    await Promise.all(all.map((subscription) => nodes[0].subscribe(subscription)));
    await bothDo((store, names, round) => {
      const mine = names.flatMap((name) => all.filter(({ mailbox }) => mailbox === name));
      const { node } = aSubscription('');
      return [
        ...mine.map((row) => store.refreshSubscription(row.id, { ...row, expires: 5000 + round })),
        ...mine
          .filter((_, index) => index % ROUNDS === round)
          .map(({ mailbox, device }) => store.subscribe(aSubscription(mailbox, { device }))),
        ...mine.filter((_, index) => index % ROUNDS === round + 1).map(({ id }) => store.unsubscribe([id])),
        store.takeSubscriptions(
          mine.map(({ id }) => id),
          node,
          { node, run: `run-${round}` },
        ),
        store.expireSubscriptions(round, 1000),
      ];
    });
  });

  test('publications that expire while they are refreshed', async () => {
    await bothDo((store, names) => [
      ...names.map((mailbox) => store.publish(aPublication(mailbox, { expires: NOW + 1 }))),
      store.expirePublications(NOW + 1, 1000),
    ]);
  });

  test('REGISTERs of the same devices, while their bindings expire', async () => {
    await bothDo((store, names, round) => [
      ...names.map((aor) =>
        store.register(
          aRegister(aor, [aBinding(aor, `sip:${aor}:${round}`, { expires: round % 2 === 0 ? 1001 : 5000 })]),
        ),
      ),
      store.expireBindings(1001, 1000),
    ]);
  });

  test('the same messages into full boxes, while they are delivered, expire, and are adopted', async () => {
    const quota = { messages: 2, bytes: 0 };
    const none = { messages: 0, bytes: 0 };
    const rules = { box: quota, domain: none, overflow: 'drop-oldest', receipts: 0, replaces: [] } as const;
    const rounds = Array.from({ length: ROUNDS }, (_, round) =>
      NAMES.map((box) => aMessage(box, { expTime: NOW + 1 + (round % 2) * 1000 })),
    );
    await bothDo((store, names, round) => {
      const messages = names.flatMap((name) => (rounds[round] ?? []).filter(({ box }) => box === name));
      const earlier = rounds[round - 1] ?? [];
      return [
        ...messages.map((message) => store.accept(message, rules)),
        ...earlier
          .filter((_, index) => index % 4 === 0)
          .map(({ key }) => store.settleByKey(key, { outcome: 'delivered', status: 200, reason: 'OK' })),
        ...earlier.filter((_, index) => index % 4 === 1).map(({ key }) => store.takeByKey(key, 'device')),
        ...names.filter((_, index) => index % 4 === 2).map((box) => store.park(box, NOW, 0)),
        store.expire(NOW + 1, 500),
        store.endVanished('', 1000),
        store.forget(NOW, 500),
      ];
    });
    const { waiting, delivered, expired, erased } = await nodes[0].ledger();
    expect(waiting + delivered + expired + erased).toBe(ROUNDS * NAMES.length);
  }, 60_000);

  test('rows of another program that both adopt', async () => {
    await other.query(
      `insert into silo (username, domain, inc_time, exp_time, snd_time, body, extra_hdrs)
         select concat('foreign', seq), 'example.org', 1000, 5000, 0, 'hi', 'Subject: x' from seq_1_to_250`,
    );
    const rows = await nodes[0].foreign(1000);
    const adoptions = rows.map(({ id, username, domain }) => ({
      id,
      key: String(id).padStart(64, 'a'),
      box: `${username}@${domain}`,
      incTime: 1000,
      expTime: 5000,
    }));
    await Promise.all([nodes[0].adopt(adoptions), nodes[1].adopt([...adoptions].reverse())]);
    expect((await deadlocks()) - before).toBe(0);
    expect(await nodes[0].foreign(10)).toEqual([]);
    const [message] = await nodes[1].waiting('foreign250@example.org', NOW, 10);
    expect(message).toMatchObject({ key: adoptions.at(-1)?.key, expTime: 5000, headers: 'Subject: x' });
  });
});
