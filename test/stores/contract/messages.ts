/** The one suite that every store passes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Binding } from '../../../lib/sip/read/binding.ts';
import type { Message, NewMessage } from '../../../lib/stores/contract/message.ts';
import type { Registering } from '../../../lib/stores/contract/bindings.ts';
import type { Lease } from '../../../lib/stores/contract/leases.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import type { StoreOptions } from '../../../lib/stores/options.ts';

export interface StoreUnderTest {
  /** Opens the same database again, as a second node would. */
  readonly open: (now: () => number, options?: StoreOptions) => Promise<Store>;
  /** Runs SQL as another program (a Kamailio, an operator) would. */
  readonly sql: (statement: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

let serial = 0;

export function aMessage(box: string, over: Partial<NewMessage> = {}): NewMessage {
  serial++;
  return {
    key: serial.toString(16).padStart(64, '0'),
    box,
    srcAddr: 'sip:alice@example.org',
    srcName: 'Alice',
    dstAddr: `sip:${box}`,
    dstName: '',
    contentType: 'text/plain;charset=utf-8',
    body: Buffer.from(`hello ${serial} 🐘`),
    headers: 'Subject: greetings\r\n',
    callId: `call-${serial}`,
    incTime: 1000,
    expTime: 5000,
    sendTime: 0,
    dateTime: 990,
    urgent: false,
    nextTime: 0,
    hops: 69,
    kind: 'message',
    thread: '',
    ...over,
  };
}

/** The same as a row. */
export function aRow(box: string, over: Partial<Message> = {}): Message {
  const untried = { id: 1, attempts: 0, strikes: 0, lastStatus: 0, refusedBy: [], takenBy: [] };
  return { ...aMessage(box), ...untried, ...over };
}

export function aBinding(aor: string, contact: string, over: Partial<Binding> = {}): Binding {
  return {
    aor,
    contact,
    expires: 5000,
    q: 0.5,
    instance: 'urn:uuid:1',
    regId: 1,
    callId: 'reg',
    cseq: 1,
    path: ['<sip:edge.example.org;lr>'],
    source: { address: '2001:db8::1', port: 5071, protocol: 'tcp' },
    server: 'udp/192.0.2.100:5060',
    takesMessage: true,
    userAgent: 'phone/1',
    methods: 'INVITE,MESSAGE',
    updated: 1000,
    ...over,
  };
}

/** A REGISTER of the AoR with these contacts. */
export function aRegister(
  aor: string,
  contacts: Registering['contacts'],
  over: Partial<Registering> = {},
): Registering {
  return { aor, now: 1000, callId: 'reg', cseq: 1, contacts, maxContacts: 20, ...over };
}

export function storeConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  let now = 1000;
  let boxes = 0;
  let box = '';

  beforeAll(async () => {
    under = await create();
    store = await under.open(() => now);
  });
  afterAll(async () => {
    await store.close();
    await under.remove();
  });
  beforeEach(() => {
    now = 1000;
    box = `bob${boxes++}@example.org`;
  });

  async function leaseOf(owner = 'node-1', on = store): Promise<Lease> {
    const claim = await on.claim(box, owner, 30);
    if (!('lease' in claim)) throw new Error(`the box is held for ${claim.heldFor} s`);
    return claim.lease;
  }
  const waiting = () => store.waiting(box, now, 100);
  const delivered = { outcome: 'delivered', status: 200, reason: 'OK' } as const;

  describe('accepting many at once', () => {
    test('keeps their order, and stores what is new', async () => {
      const messages = Array.from({ length: 5 }, () => aMessage(box));
      const [first, second, ...rest] = messages as [NewMessage, NewMessage];
      await store.accept(second);
      expect(await store.acceptAll([first, second, ...rest, first])).toEqual([
        ...[true, false, true, true, true, false],
      ]);
      expect((await waiting()).map(({ key }) => key)).toEqual([second, first, ...rest].map(({ key }) => key));
      expect(await store.acceptAll(messages)).toEqual(messages.map(() => false));
      expect(await store.acceptAll([])).toEqual([]);
    });

    test('stores none when one has a value that can not be stored', async () => {
      const messages = [aMessage(box), aMessage(box, { dstAddr: null as unknown as string }), aMessage(box)];
      await expect(store.acceptAll(messages)).rejects.toMatchObject({ code: 'SILO_REFUSED' });
      expect(await waiting()).toEqual([]);
      expect(await store.acceptAll([messages[0]!, messages[2]!])).toEqual([true, true]);
    });
  });

  describe('accepting', () => {
    test('a stored message comes back exactly as it was', async () => {
      const message = aMessage(box, {
        body: Buffer.from([0, 255, 13, 10, 128, 1]),
        urgent: true,
        sendTime: 900,
        nextTime: 900,
      });
      const accepted = await store.accept(message);
      expect(accepted.stored).toBe(true);
      expect(await waiting()).toEqual([
        { ...message, id: accepted.id, attempts: 0, strikes: 0, lastStatus: 0, refusedBy: [], takenBy: [] },
      ]);
    });

    test('a box holds mail while a message in it may be sent', async () => {
      expect(await store.holdsMail(box, now)).toBe(false);
      await store.accept(aMessage(box, { sendTime: now + 10, expTime: now + 20 }));
      expect(await store.holdsMail(box, now)).toBe(false);
      expect(await store.holdsMail(box, now + 10)).toBe(true);
      expect(await store.holdsMail(box, now + 20)).toBe(false);
      expect(await store.holdsMail(`other${box}`, now + 10)).toBe(false);
    });

    test('a repeated key stores nothing, also within one batch, also after delivery', async () => {
      const message = aMessage(box);
      const results = await Promise.all([
        store.accept(message),
        store.accept(message),
        store.accept(message),
      ]);
      expect(results.map((result) => result.stored)).toEqual([true, false, false]);
      expect(await waiting()).toHaveLength(1);
      const lease = await leaseOf();
      expect(await store.settle(lease, (await waiting())[0]!, delivered)).toBe(true);
      await store.release(lease);
      expect(await store.accept(message)).toEqual({ stored: false, id: 0 });
      expect(await waiting()).toHaveLength(0);
    });

    test('two nodes that accept the same key at once store one row', async () => {
      const other = await under.open(() => now);
      const messages = Array.from({ length: 50 }, () => aMessage(box));
      const results = await Promise.all([
        ...messages.map((message) => store.accept(message)),
        ...messages.map((message) => other.accept(message)),
      ]);
      expect(results.filter((result) => result.stored)).toHaveLength(50);
      expect(await waiting()).toHaveLength(50);
      await other.close();
    });

    test('concurrent accepts keep their order and share commits', async () => {
      const messages = Array.from({ length: 500 }, () => aMessage(box));
      await Promise.all(messages.map((message) => store.accept(message)));
      expect((await store.waiting(box, now, 1000)).map((message) => message.key)).toEqual(
        messages.map((m) => m.key),
      );
    });

    test('one message that a column cannot take fails alone', async () => {
      const good = [aMessage(box), aMessage(box)];
      const bad = aMessage(box, { key: null as unknown as string });
      const results = await Promise.allSettled([
        store.accept(good[0]!),
        store.accept(bad),
        store.accept(good[1]!),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await waiting()).toHaveLength(2);
    });

    test('the case of the user part tells boxes apart', async () => {
      await store.accept(aMessage(`Case${box}`));
      expect(await store.waiting(`case${box}`, now, 10)).toHaveLength(0);
      expect(await store.waiting(`Case${box}`, now, 10)).toHaveLength(1);
    });
  });

  describe('reading', () => {
    test('an expired message, and one whose time has not come, are not handed out', async () => {
      await store.accept(aMessage(box, { expTime: 1000 }));
      await store.accept(aMessage(box, { sendTime: 1001 }));
      const due = aMessage(box, { expTime: 1001, sendTime: 1000 });
      await store.accept(due);
      expect((await waiting()).map((message) => message.key)).toEqual([due.key]);
    });

    test('the pages of waiting() go on where the last one ended', async () => {
      for (let i = 0; i < 5; i++) await store.accept(aMessage(box));
      const first = await store.waiting(box, now, 2);
      const second = await store.waiting(box, now, 10, { after: first[1] });
      expect(first).toHaveLength(2);
      expect(second).toHaveLength(3);
    });

    test('boxes() lists each box with mail once, in pages', async () => {
      const names = ['x1', 'x2', 'x3'].map((name) => `~${name}-${box}`);
      for (const name of [...names, ...names]) await store.accept(aMessage(name));
      const found: string[] = [];
      for (let after = ''; ;) {
        const page = await store.boxes(after, 2);
        if (page.length === 0) break;
        found.push(...page);
        after = page.at(-1)!;
      }
      expect(found.filter((name) => names.includes(name))).toEqual(names);
    });

    test('tail() shows what came after an id', async () => {
      const mark = await store.lastId();
      const { id } = await store.accept(aMessage(box, { nextTime: 1500 }));
      expect(await store.tail(mark, 10)).toEqual([{ id, box, nextTime: 1500, sendTime: 0 }]);
      expect(await store.lastId()).toBe(id);
    });

    test('due() pages through timed attempts by time, and park() puts them off or takes them back', async () => {
      const first = await store.accept(aMessage(box, { nextTime: 1000 }));
      const second = await store.accept(aMessage(box, { nextTime: 900 }));
      await store.accept(aMessage(box, { nextTime: 2000 }));
      const due = async (now: number) =>
        (await store.due(now, undefined, 10_000)).filter((row) => row.box === box);
      expect(await due(899)).toEqual([]);
      expect(await due(1000)).toEqual([
        { id: second.id, box, nextTime: 900 },
        { id: first.id, box, nextTime: 1000 },
      ]);
      const [page] = await store.due(1000, undefined, 1);
      expect((await store.due(1000, page, 10_000)).map((row) => row.id)).not.toContain(page!.id);
      await store.park(box, 999, 1500);
      expect((await due(1999)).map((row) => row.nextTime)).toEqual([1000, 1500]);
      await store.park(box, 1500, 0);
      expect(await due(1999)).toEqual([]);
      expect(await due(2000)).toHaveLength(1);
    });

    test('orphans() names boxes whose lease has run out, once, and frees them', async () => {
      await store.claim(box, 'dead node', 30);
      expect(await store.orphans('node-2', 1000)).not.toContain(box);
      await store.renew('dead node', -1);
      // Who asks lives: a clock has jumped, or the event loop has stalled.
      expect(await store.orphans('dead node', 1000)).not.toContain(box);
      expect(await store.orphans('node-2', 1000)).toContain(box);
      expect(await store.orphans('node-2', 1000)).not.toContain(box);
      expect(await store.claim(box, 'node-2', 30)).toHaveProperty('lease');
    });
  });

  describe('leases', () => {
    test('one owner holds a box, another one is told for how long', async () => {
      await leaseOf('node-1');
      const claim = await store.claim(box, 'node-2', 30);
      expect(claim).toEqual({ heldFor: expect.any(Number) as number });
      expect((claim as { heldFor: number }).heldFor).toBeGreaterThan(25);
    });

    test('a new lease has a higher fence, also after the row was deleted', async () => {
      const first = await leaseOf('node-1');
      const again = await leaseOf('node-1');
      expect(again.fence).toBeGreaterThan(first.fence);
      await store.release(again);
      const other = await leaseOf('node-2');
      expect(other.fence).toBeGreaterThan(again.fence);
      expect(other.owner).toBe('node-2');
    });

    test('a stale lease settles, defers and releases nothing', async () => {
      await store.accept(aMessage(box));
      const [message] = await waiting();
      const stale = await leaseOf('node-1');
      const current = await leaseOf('node-1');
      expect(await store.settle(stale, message!, delivered)).toBe(false);
      expect(await store.defer(stale, message!.id, { nextTime: 1, status: 500, strike: true })).toBe(false);
      await store.release(stale);
      expect(await waiting()).toEqual([message]);
      expect(await store.settle(current, message!, delivered)).toBe(true);
      expect(await waiting()).toEqual([]);
    });

    test('renewing keeps the lease, without it the lease is free after its end', async () => {
      const short = await store.claim(box, 'node-1', 1);
      expect(short).toHaveProperty('lease');
      await store.renew('node-1', 30);
      expect(await store.claim(box, 'node-2', 30)).toHaveProperty('heldFor');
      await store.renew('node-1', -1);
      expect(await store.claim(box, 'node-2', 30)).toHaveProperty('lease');
    });
  });

  describe('ending', () => {
    test('a settled message is gone, and settling it again changes nothing', async () => {
      await store.accept(aMessage(box));
      const [message] = await waiting();
      const lease = await leaseOf();
      expect(await store.settle(lease, message!, delivered)).toBe(true);
      expect(await store.settle(lease, message!, delivered)).toBe(false);
    });

    test('of many settled at once those that are gone are told, and all others end as their devices said', async () => {
      const before = await store.ledger();
      const messages = Array.from({ length: 12 }, () => aMessage(box));
      for (const message of messages) await store.accept(message);
      const lease = await leaseOf();
      const rows = await waiting();
      await under.sql(`delete from silo where dedup in ('${messages[4]!.key}', '${messages[9]!.key}')`);
      const dead = { outcome: 'dead', status: 400, reason: 'Bad Request' } as const;
      const settled = await Promise.all([
        ...rows.map((row, index) => store.settle(lease, row, index === 7 ? dead : delivered)),
        store.settle(lease, rows[11]!, delivered),
      ]);
      expect(settled).toEqual([...rows.map((_, index) => index !== 4 && index !== 9), false]);
      expect(await waiting()).toEqual([]);
      expect(await store.ledger()).toMatchObject({
        delivered: before.delivered + 9,
        dead: before.dead + 1,
      });
      expect((await store.deadLetters(box, 0, 10)).map(({ key }) => key)).toEqual([messages[7]!.key]);
    });

    test('a dead letter is kept with its reason', async () => {
      await store.accept(aMessage(box));
      const [message] = await waiting();
      const lease = await leaseOf();
      await store.settle(lease, message!, { outcome: 'dead', status: 414, reason: 'URI too long' });
      expect((await store.deadLetters(box, 0, 10))[0]).toEqual({
        id: message!.id,
        key: message!.key,
        box,
        srcAddr: 'sip:alice@example.org',
        status: 414,
        reason: 'URI too long',
        endTime: 1000,
      });
    });

    test('a replayed dead letter waits again in its old place as if never tried; a dropped one is erased', async () => {
      const before = await store.ledger();
      for (let i = 0; i < 3; i++) await store.accept(aMessage(box, { body: Buffer.from([i, 255]) }));
      const messages = await waiting();
      const lease = await leaseOf();
      for (const message of messages.slice(0, 2)) {
        await store.defer(lease, message.id, { nextTime: 1, status: 500, strike: true });
        await store.settle(lease, message, { outcome: 'dead', status: 500, reason: 'tired' });
      }
      const [first, second] = await store.deadLetters(box, 0, 10);
      expect(await store.deadLetters(box, first!.id, 10)).toEqual([second]);
      expect(await store.replay([first!.id, 999_999_999], 9000)).toEqual([
        { id: first!.id, key: first!.key, box },
      ]);
      expect(await store.replay([first!.id], 9000)).toEqual([]);
      expect(await waiting()).toEqual([{ ...messages[0], expTime: 9000 }, messages[2]]);
      expect(await store.dropDead([second!.id], now)).toHaveLength(1);
      expect(await store.deadLetters(box, 0, 10)).toEqual([]);
      const after = await store.ledger();
      expect([
        after.waiting - before.waiting,
        after.dead - before.dead,
        after.erased - before.erased,
      ]).toEqual([2, 0, 1]);
    });

    test('dead letters are kept for their time', async () => {
      await store.accept(aMessage(box));
      const lease = await leaseOf();
      await store.settle(lease, (await waiting())[0]!, { outcome: 'dead', status: 400, reason: 'bad' });
      await store.expireDead(now, 1000);
      expect(await store.deadLetters(box, 0, 10)).toHaveLength(1);
      await store.expireDead(now + 1, 1000);
      expect(await store.deadLetters(box, 0, 10)).toEqual([]);
    });

    test('a deferred message carries its attempts, strikes, status and refusals', async () => {
      await store.accept(aMessage(box));
      const { id } = (await waiting())[0]!;
      const lease = await leaseOf();
      await store.defer(lease, id, { nextTime: 1030, status: 480, strike: false });
      await store.defer(lease, id, { nextTime: 1060, status: 415, strike: true, refusedBy: 'urn:uuid:1' });
      await store.defer(lease, id, { nextTime: 0, status: 415, strike: false, refusedBy: 'sip:x@192.0.2.1' });
      expect((await waiting())[0]).toMatchObject({
        attempts: 3,
        strikes: 1,
        lastStatus: 415,
        nextTime: 0,
        refusedBy: ['urn:uuid:1', 'sip:x@192.0.2.1'],
      });
    });

    test('a late answer ends a message by its key, once', async () => {
      const message = aMessage(box);
      await store.accept(message);
      expect(await store.settleByKey(message.key, delivered)).toMatchObject({ key: message.key, box });
      expect(await store.settleByKey(message.key, delivered)).toBeUndefined();
      expect(await waiting()).toEqual([]);
    });

    test('expire() ends what is over, in batches, but leaves a box alone while a lane holds it', async () => {
      for (let i = 0; i < 3; i++) await store.accept(aMessage(box, { expTime: 1200 }));
      await store.accept(aMessage(box, { expTime: 1201 }));
      const lease = await leaseOf();
      expect((await store.expire(1200, 100)).filter(({ message }) => message.box === box)).toHaveLength(0);
      await store.release(lease);
      let ended = 0;
      for (;;) {
        const batch = await store.expire(1200, 2);
        ended += batch.filter(({ message }) => message.box === box).length;
        if (batch.length === 0) break;
      }
      expect(ended).toBe(3);
      expect(await waiting()).toHaveLength(1);
    });

    test('the ledger adds up, and forgetting leaves what waits', async () => {
      const before = await store.ledger();
      for (let i = 0; i < 4; i++) await store.accept(aMessage(box));
      const [first, second] = await waiting();
      const lease = await leaseOf();
      await store.settle(lease, first!, delivered);
      await store.settle(lease, second!, { outcome: 'dead', status: 400, reason: 'Bad Request' });
      const after = await store.ledger();
      expect({
        waiting: after.waiting - before.waiting,
        delivered: after.delivered - before.delivered,
        dead: after.dead - before.dead,
      }).toEqual({ waiting: 2, delivered: 1, dead: 1 });
      while ((await store.forget(now + 1, 100)) > 0);
      expect(await store.ledger()).toMatchObject({ waiting: after.waiting, delivered: 0, dead: 0 });
    });
  });

  describe('a bug', () => {
    test('is no outage: it passes as it is, with its stack, and harms no other call', async () => {
      const limit = { messages: 1, bytes: 0 };
      const rules = { box: limit, domain: limit, overflow: 'reject', receipts: 0, replaces: [] } as const;
      await store.accept(aMessage(box));
      const results = await Promise.allSettled([
        store.accept(aMessage(`other-${box}`)),
        // As JavaScript may call it.
        store.accept(aMessage(box), { ...rules, overflow: 'drop' as 'reject' }),
        store.accept(aMessage(`other-${box}`)),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const reason: unknown = (results[1] as PromiseRejectedResult).reason;
      expect(reason).toBeInstanceOf(TypeError);
      expect(reason).not.toHaveProperty('status');
      expect((reason as Error).stack).toContain('candidatesOf');
      expect(await waiting()).toHaveLength(1);
    });
  });

  describe('schema', () => {
    test('two starters at once leave one schema', async () => {
      const stores = await Promise.all([under.open(() => now), under.open(() => now), under.open(() => now)]);
      for (const opened of stores) await opened.ping();
      for (const opened of stores) await opened.close();
    });

    test('a newer schema is refused with a sentence', async () => {
      await under.sql("insert into silo_schema (version, name) values (9000, 'future')");
      await expect(under.open(() => now)).rejects.toMatchObject({
        code: 'SILO_SCHEMA_NEWER',
        message: expect.stringContaining('schema step 9000') as string,
      });
      await under.sql('delete from silo_schema where version = 9000');
    });

    test('a database without a column that is needed is refused, not opened to fail later', async () => {
      await under.sql('alter table silo_device drop column last_status');
      await expect(under.open(() => now)).rejects.toMatchObject({
        code: 'SILO_SCHEMA',
        message: expect.stringMatching(
          /lacks silo_device\.last_status: .* name another, empty database/,
        ) as string,
      });
      await under.sql('alter table silo_device add column last_status integer not null default 0');
    });

    test('every step may be run again', async () => {
      await store.accept(aMessage(box));
      await under.sql('delete from silo_schema');
      const again = await under.open(() => now);
      expect(await again.waiting(box, now, 10)).toHaveLength(1);
      await again.close();
    });
  });
}
