/** What a MESSAGE, a REGISTER, a SUBSCRIBE and a PUBLISH wait for: packets to the database and back, however many come at once. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { relayTo, type Relay } from '../../support/statements.ts';
import { aBinding, aMessage, aRegister } from '../contract/messages.ts';
import { aPublication, aSubscription } from '../contract/mwi.ts';

const NOW = 1000;

describe('round trips to MySQL', needing(mariadbMissing()), () => {
  let relay: Relay;
  let database: TestDatabase;
  let store: Store;
  const boxes = Array.from({ length: 20 }, (_, index) => `user${index}@example.org`);

  beforeAll(async () => {
    relay = await relayTo((await sharedMariaDb()).port);
  });
  afterAll(() => relay.close());
  beforeEach(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    const { port } = new URL(database.url);
    store = await openStore(database.url.replace(`:${port}/`, `:${relay.port}/`), { now: () => NOW });
    await store.ping();
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  async function packetsOf(work: () => Promise<unknown>): Promise<number> {
    relay.statements.length = 0;
    await work();
    return relay.statements.length;
  }

  test('messages without a limit are stored in two', async () => {
    const accept = (box: string) => store.accept(aMessage(box));
    expect(await packetsOf(() => accept('bob@example.org'))).toBe(2);
    expect(await packetsOf(() => Promise.all(boxes.map(accept)))).toBe(2);
  });

  test('a MariaDB says with the insert which ids it gave, a MySQL is asked with it', async () => {
    const looks = () => relay.statements.filter((statement) => statement.includes('select id, dedup')).length;
    const accept = () => Promise.all(boxes.map((box) => store.accept(aMessage(box))));
    expect(await packetsOf(accept)).toBe(2);
    expect(looks()).toBe(0);

    const asMysql = await relayTo((await sharedMariaDb()).port, { asMysql: true });
    const { port } = new URL(database.url);
    const mysql = await openStore(database.url.replace(`:${port}/`, `:${asMysql.port}/`), { now: () => NOW });
    try {
      await mysql.ping();
      asMysql.statements.length = 0;
      const accepted = await Promise.all(boxes.map((box) => mysql.accept(aMessage(box))));
      expect(asMysql.statements).toHaveLength(2);
      expect(asMysql.statements.join('')).not.toContain('returning');
      const ids = await Promise.all(
        boxes.map(async (box) => (await mysql.waiting(box, NOW, 10)).map(({ id }) => id).at(-1)),
      );
      expect(accepted.map(({ id }) => id)).toEqual(ids);
      expect(new Set(ids).size).toBe(boxes.length);
    } finally {
      await mysql.close();
      await asMysql.close();
    }
  });

  test('a known message among new ones costs a second look, harms none of them and is not stored again', async () => {
    const [known, ...others] = boxes.map((box) => aMessage(box));
    const first = await store.accept(known!);
    const all = await Promise.all([...others, known!].map((message) => store.accept(message)));
    expect(first.stored).toBe(true);
    expect(all.map(({ stored }) => stored)).toEqual([...others.map(() => true), false]);
    for (const box of boxes) expect(await store.waiting(box, NOW, 10)).toHaveLength(1);
  });

  test('a REGISTER takes three, as do those that come at once', async () => {
    const register = (aor: string) =>
      store.register(aRegister(aor, [aBinding(aor, 'sip:bob@127.0.0.1:5060')]));
    expect(await packetsOf(() => register('bob@example.org'))).toBe(3);
    expect(await packetsOf(() => Promise.all(boxes.map(register)))).toBe(3);
  });

  test('what is registered for those who are sent to at once is one question', async () => {
    await store.register(
      aRegister('user1@example.org', [aBinding('user1@example.org', 'sip:bob@127.0.0.1:5060')]),
    );
    const look = () => Promise.all(boxes.map((aor) => store.bindings(aor, NOW)));
    expect(await packetsOf(look)).toBe(1);
    expect((await look()).map((bindings) => bindings.length)).toEqual(
      boxes.map((box) => (box === 'user1@example.org' ? 1 : 0)),
    );
    expect(await store.bindings('user1@example.org', NOW + 100_000)).toEqual([]);
  });

  test('a new SUBSCRIBE, a PUBLISH and the end of a message take three', async () => {
    expect(
      await packetsOf(() => Promise.all(boxes.map((mailbox) => store.subscribe(aSubscription(mailbox))))),
    ).toBe(3);
    expect(
      await packetsOf(() => Promise.all(boxes.map((mailbox) => store.publish(aPublication(mailbox))))),
    ).toBe(3);
    await store.accept(aMessage('bob@example.org'));
    const claim = await store.claim('bob@example.org', 'node', 30);
    const [message] = await store.waiting('bob@example.org', NOW, 1);
    if (!('lease' in claim) || !message) throw new Error('nothing waits for bob');
    const end = { outcome: 'delivered', status: 200, reason: 'OK' } as const;
    expect(await packetsOf(() => store.settle(claim.lease, message, end))).toBe(3);
  });

  test('the leases of all boxes that are served at once are claimed in two round trips, and released in one', async () => {
    const claim = (owner: string) => Promise.all(boxes.map((box) => store.claim(box, owner, 30)));
    let claims = await claim('node');
    const leases = () => claims.flatMap((one) => ('lease' in one ? [one.lease] : []));
    await Promise.all(leases().map((lease) => store.release(lease)));
    expect(await packetsOf(async () => (claims = await claim('node')))).toBe(2);
    expect(leases().map(({ box }) => box)).toEqual(boxes);
    expect(await claim('other')).toEqual(boxes.map(() => ({ heldFor: expect.any(Number) as number })));
    expect(await packetsOf(() => Promise.all(leases().map((lease) => store.release(lease))))).toBe(1);
    expect((await claim('other')).every((one) => 'lease' in one)).toBe(true);
  });

  test('of two that claim a box at once one has it, and a stale lease releases nothing', async () => {
    const box = 'contended@example.org';
    const [one, other] = await Promise.all([store.claim(box, 'one', 30), store.claim(box, 'other', 30)]);
    if (!('lease' in one)) throw new Error('nobody has it');
    expect(other).toEqual({ heldFor: expect.any(Number) as number });
    const stale = { ...one.lease, fence: one.lease.fence - 1 };
    await Promise.all([store.release(stale), store.release({ ...one.lease, owner: 'other' })]);
    expect(await store.claim(box, 'other', 30)).toHaveProperty('heldFor');
    await Promise.all([store.release(stale), store.release(one.lease)]);
    expect(await store.claim(box, 'other', 30)).toHaveProperty('lease');
  });
});
