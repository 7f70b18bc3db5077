/** What every store says about room: quotas, receipts, the order of a box, reminders, and devices that are owed messages. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NewMessage } from '../../../lib/stores/contract/message.ts';
import type { AcceptRules } from '../../../lib/stores/contract/accept.ts';
import type { DueDevice } from '../../../lib/stores/contract/devices.ts';
import type { Lease } from '../../../lib/stores/contract/leases.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { acceptRules } from './accept-rules.ts';
import { aMessage, type StoreUnderTest } from './messages.ts';

export function roomConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  let now = 1000;
  let boxes = 0;
  let box = '';
  let domain = '';

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
    domain = `room${boxes++}.example.org`;
    box = `bob@${domain}`;
  });

  const rules = (over: Partial<AcceptRules>) => acceptRules({ overflow: 'reject', ...over });
  const waiting = (of = box) => store.waiting(of, now, 1000);
  const callIds = async () => (await waiting()).map((message) => message.callId);
  const accept = (over: Partial<NewMessage>, withRules?: AcceptRules) =>
    store.accept(aMessage(box, over), withRules);
  async function leaseOf(on = store, owner = 'node-1'): Promise<Lease> {
    const claim = await on.claim(box, owner, 30);
    if (!('lease' in claim)) throw new Error(`the box is held for ${claim.heldFor} s`);
    return claim.lease;
  }

  describe('quotas', () => {
    const three = rules({ box: { messages: 3, bytes: 0 } });

    test('a full box takes no more, says so in a sentence, and takes more when something has ended', async () => {
      for (let i = 0; i < 3; i++) expect(await accept({}, three)).toMatchObject({ stored: true });
      const message = aMessage(box);
      const refused = await store.accept(message, three);
      expect(refused).toMatchObject({ stored: false, id: 0 });
      expect(refused.full).toContain(`The box of ${box} is full: 3 messages`);
      expect(await waiting()).toHaveLength(3);
      const [first] = await waiting();
      await store.settleByKey(first!.key, { outcome: 'delivered', status: 200, reason: '' });
      // It was not remembered as accepted, so the sender may try again.
      expect(await store.accept(message, three)).toMatchObject({ stored: true });
    });

    test('a repeat of an accepted message is no reason to refuse it', async () => {
      const messages = [aMessage(box), aMessage(box), aMessage(box)];
      for (const message of messages) await store.accept(message, three);
      const again = await store.accept(messages[0]!, three);
      expect(again.stored).toBe(false);
      expect(again.full).toBeUndefined();
    });

    test('100 at once at a limit that leaves room for one: one is stored', async () => {
      const limited = rules({ box: { messages: 5, bytes: 0 } });
      for (let i = 0; i < 4; i++) await accept({}, limited);
      const results = await Promise.all(Array.from({ length: 100 }, () => accept({}, limited)));
      expect(results.filter(({ stored }) => stored)).toHaveLength(1);
      expect(results.filter(({ full }) => full !== undefined)).toHaveLength(99);
      expect(await waiting()).toHaveLength(5);
    });

    test('100 at once on two nodes: never more than the limit', async () => {
      const second = await under.open(() => now);
      const limited = rules({ box: { messages: 10, bytes: 0 } });
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 ? store : second).accept(aMessage(box), limited)),
      );
      expect(results.filter(({ stored }) => stored)).toHaveLength(10);
      expect(await waiting()).toHaveLength(10);
      await second.close();
    });

    test('boxes that were counted leave nothing behind, and a turn that is forgotten is taken anew', async () => {
      const limited = rules({ box: { messages: 1, bytes: 0 } });
      const names = Array.from({ length: 50 }, (_, n) => `user${n}@${domain}`);
      await Promise.all(names.map((name) => store.accept(aMessage(name), limited)));
      while ((await store.forgetTurns(now, 20)) > 0);
      expect(await store.forgetTurns(now, 20)).toBe(0);
      const second = await under.open(() => now);
      const forget = async () => {
        for (let n = 0; n < 30; n++) await second.forgetTurns(now + 1, 20);
      };
      const all = { ...limited, domain: { messages: 60, bytes: 0 } };
      const results = await Promise.all([
        ...Array.from({ length: 40 }, (_, n) =>
          [store, second][n % 2]!.accept(aMessage(`other${n}@${domain}`), all),
        ),
        forget(),
      ]);
      expect(results.filter((result) => result?.stored === true)).toHaveLength(10);
      while ((await store.forgetTurns(now + 1, 1000)) > 0);
      await second.close();
    });

    describe('of which one sender may hold half', () => {
      const alice = { srcAddr: 'sip:alice@example.org' };
      const mallory = (nth: number) => ({ srcAddr: `sip:mallory@example.org;x=${nth}` });
      const times = (count: number, rules: AcceptRules, who = mallory) =>
        Promise.all(Array.from({ length: count }, (_, nth) => accept(who(nth), rules)));
      const stored = (results: readonly { readonly stored: boolean }[]) =>
        results.filter((result) => result.stored).length;

      test('a box that one sender floods has room for the others, and takes no more of all than it may', async () => {
        const half = rules({ box: { messages: 40, bytes: 0 }, share: 50 });
        expect(stored(await times(100, half))).toBe(20);
        const refused = await accept(mallory(1), half);
        expect(refused.full).toContain(`The box of ${box} has enough of this sender: 20 messages`);
        expect(stored(await times(15, half, () => alice))).toBe(15);
        const others = (nth: number) => ({ srcAddr: `sip:other${nth}@example.org` });
        expect(stored(await times(20, half, others))).toBe(5);
        expect((await accept(alice, half)).full).toContain('is full: 40 messages');
      });

      test('bytes are shared, too', async () => {
        const half = rules({ box: { messages: 0, bytes: 100_000 }, share: 50 });
        const large = { body: Buffer.alloc(20_000, 'x'), headers: '' };
        const results = [];
        for (let nth = 0; nth < 4; nth++) results.push(await accept({ ...mallory(nth), ...large }, half));
        expect(results.map((result) => result.stored)).toEqual([true, true, false, false]);
        expect((await accept({ ...alice, ...large }, half)).stored).toBe(true);
      });

      test('a domain that one sender floods, box after box, has room for the others', async () => {
        const half = rules({ domain: { messages: 40, bytes: 0 }, share: 50 });
        const to = (nth: number, who: Partial<NewMessage>) =>
          store.accept(aMessage(`user${nth}@${domain}`, who), half);
        const flood = [];
        for (let nth = 0; nth < 50; nth++) flood.push(await to(nth, mallory(nth)));
        expect(stored(flood)).toBe(20);
        expect(flood.at(-1)?.full).toContain(`The domain ${domain} has enough of this sender: 20 messages`);
        expect((await to(1, alice)).stored).toBe(true);
      });

      test('where the oldest give way, it is the sender’s own', async () => {
        const half = rules({ box: { messages: 30, bytes: 0 }, share: 50, overflow: 'drop-oldest' });
        for (let nth = 0; nth < 5; nth++) await accept({ ...alice, callId: 'alice' }, half);
        for (let nth = 0; nth < 40; nth++) await accept({ ...mallory(nth), callId: `mallory ${nth}` }, half);
        const left = await callIds();
        expect(left.filter((callId) => callId === 'alice')).toHaveLength(5);
        expect(left.slice(5)).toEqual(Array.from({ length: 15 }, (_, nth) => `mallory ${nth + 25}`));
      });
    });

    test('bytes count, those of kept headers, too', async () => {
      const limited = rules({ box: { messages: 0, bytes: 250 } });
      const over = { body: Buffer.alloc(100, 'x'), headers: 'X-A: 1\r\n' };
      expect((await accept(over, limited)).stored).toBe(true);
      expect((await accept(over, limited)).stored).toBe(true);
      expect((await accept(over, limited)).full).toContain('216 bytes');
      expect((await accept({ body: Buffer.alloc(20, 'x'), headers: '' }, limited)).stored).toBe(true);
    });

    test('a domain has its own limit, whichever boxes fill it', async () => {
      const limited = rules({ domain: { messages: 4, bytes: 0 } });
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, i) => store.accept(aMessage(`user${i}@${domain}`), limited)),
      );
      expect(results.filter(({ stored }) => stored)).toHaveLength(4);
      expect(results.find(({ full }) => full)!.full).toContain(`The domain ${domain} is full`);
      expect((await store.accept(aMessage(`else@other${domain}`), limited)).stored).toBe(true);
    });

    test('a domain on two nodes, which have both just counted it: never more than the limit', async () => {
      const second = await under.open(() => now);
      const limited = rules({ domain: { messages: 30, bytes: 0 } });
      let stored = 0;
      // In steps, so that each node has a count of a moment ago that the other one makes wrong.
      for (let step = 0; step < 20; step++) {
        const results = await Promise.all(
          [store, second].flatMap((one) =>
            [0, 1].map((n) => one.accept(aMessage(`user${step}${n}@${domain}`), limited)),
          ),
        );
        stored += results.filter((result) => result.stored).length;
      }
      expect(stored).toBe(30);
      await second.close();
    });

    test('what has ended in a domain makes room for as much, however it ended; what comes back takes it again', async () => {
      const limited = rules({ domain: { messages: 4, bytes: 0 } });
      const put = (over: Partial<NewMessage> = {}) => accept({ expTime: 900_000, ...over }, limited);
      const full = async () => expect((await put()).full).toContain('4 messages');
      const one = await put({ expTime: 1100 });
      await put({ sendTime: 2000, nextTime: 2000 });
      await put();
      await put();
      await full();
      const [first, second, third] = await waiting();
      expect(first!.id).toBe(one.id);
      await store.settleByKey(second!.key, { outcome: 'delivered', status: 200, reason: '' });
      await put();
      await full();
      const lease = await leaseOf();
      await store.settle(lease, third!, { outcome: 'dead', status: 400, reason: 'no' });
      await store.release(lease);
      await put();
      await full();
      const [reminder] = await store.reminders(box, now, 10);
      expect(await store.cancel([reminder!.id], now)).toHaveLength(1);
      await store.replay([third!.id], 900_000);
      await full();
      now = 1100;
      while ((await store.expire(now, 100)).length > 0);
      await put();
      await full();
    });

    test('a message that needs more room than a few give gets it', async () => {
      const limited = rules({ box: { messages: 0, bytes: 1000 }, overflow: 'drop-oldest' });
      for (let n = 0; n < 100; n++) await accept({ body: Buffer.alloc(10, 'x'), headers: '' }, limited);
      const large = await accept({ body: Buffer.alloc(700, 'x'), headers: '' }, limited);
      expect(large.stored).toBe(true);
      expect(large.dropped).toHaveLength(70);
    });

    test('drop-oldest, in a box: what is to be sent at a later time stays the longest', async () => {
      const limited = rules({ box: { messages: 2, bytes: 0 }, overflow: 'drop-oldest' });
      await accept({ callId: 'reminder', sendTime: now + 100, nextTime: now + 100 }, limited);
      for (const callId of ['1', '2', '3']) await accept({ callId }, limited);
      expect(await callIds()).toEqual(['3']);
      expect((await store.reminders(box, now, 10)).map(({ callId }) => callId)).toEqual(['reminder']);
    });

    test('drop-oldest: the oldest give way, and the ledger says that they were erased', async () => {
      const limited = rules({ box: { messages: 2, bytes: 0 }, overflow: 'drop-oldest' });
      const before = await store.ledger();
      for (const callId of ['1', '2', '3', '4']) await accept({ callId }, limited);
      expect(await callIds()).toEqual(['3', '4']);
      expect((await store.ledger()).erased - before.erased).toBe(2);
      const fifth = await accept({ callId: '5' }, limited);
      expect(fifth.dropped).toMatchObject([{ box, reason: 'quota: made room for a newer one' }]);
    });

    test('what gives way while a device takes it was delivered, and so was what one of several devices had', async () => {
      const limited = rules({ box: { messages: 2, bytes: 0 }, overflow: 'drop-oldest' });
      await accept({ callId: '1' }, limited);
      await accept({ callId: '2' }, limited);
      const [first, second] = await waiting();
      const lease = await leaseOf();
      await store.take(lease, second!.id, 'urn:uuid:1');
      const before = await store.ledger();
      const dropped = [];
      for (const callId of ['3', '4']) dropped.push(...((await accept({ callId }, limited)).dropped ?? []));
      expect(dropped.map(({ outcome }) => outcome)).toEqual(['erased', 'delivered']);
      const end = { outcome: 'delivered', status: 200, reason: 'OK' } as const;
      expect(await store.settle({ ...lease, fence: lease.fence - 1 }, first!, end)).toBe(false);
      expect(await store.settle(lease, first!, { ...end, outcome: 'dead' })).toBe(false);
      expect(await store.settle(lease, first!, end)).toBe(true);
      expect(await store.settle(lease, first!, end)).toBe(false);
      const after = await store.ledger();
      expect([after.erased - before.erased, after.delivered - before.delivered]).toEqual([0, 2]);
      await store.release(lease);
    });

    test('drop-oldest, many at once: the newest stay', async () => {
      const limited = rules({ box: { messages: 3, bytes: 0 }, overflow: 'drop-oldest' });
      await Promise.all(Array.from({ length: 20 }, (_, i) => accept({ callId: String(i) }, limited)));
      expect(await callIds()).toEqual(['17', '18', '19']);
    });

    test('drop-receipts: receipts give way, messages do not', async () => {
      const limited = rules({ box: { messages: 3, bytes: 0 }, overflow: 'drop-receipts' });
      await accept({ kind: 'receipt', callId: 'r1' }, limited);
      await accept({ callId: '1' }, limited);
      await accept({ kind: 'receipt', callId: 'r2' }, limited);
      expect((await accept({ callId: '2' }, limited)).stored).toBe(true);
      expect((await accept({ callId: '3' }, limited)).stored).toBe(true);
      expect(await callIds()).toEqual(['1', '2', '3']);
      expect((await accept({ callId: '4' }, limited)).full).toBeDefined();
    });

    test('a message larger than the whole quota drops nobody', async () => {
      await accept({ callId: '1' });
      const limited = rules({ box: { messages: 0, bytes: 50 }, overflow: 'drop-oldest' });
      expect((await accept({ body: Buffer.alloc(100, 'x') }, limited)).full).toBeDefined();
      expect(await callIds()).toEqual(['1']);
    });

    test('what another program inserted counts once it is adopted', async () => {
      await under.sql(
        `insert into silo (username, domain, body, exp_time, inc_time) values ('bob', '${domain}', 'hi', 5000, 1000)`,
      );
      const [row] = await store.foreign(10);
      await store.adopt([
        { id: row!.id, key: String(boxes).padStart(64, 'f'), box, incTime: 1000, expTime: 5000 },
      ]);
      expect((await accept({}, rules({ box: { messages: 1, bytes: 0 } }))).full).toContain(
        '1 messages of 2 bytes',
      );
    });
  });

  describe('receipts', () => {
    const receipt = (thread: string, callId: string) => ({ kind: 'receipt', thread, callId }) as const;
    const [t1, t2] = ['1'.repeat(64), '2'.repeat(64)];

    test('go after all messages, in order among themselves', async () => {
      await accept(receipt(t1, 'r1'));
      await accept({ callId: '1' });
      await accept(receipt(t2, 'r2'));
      await accept({ callId: '2' });
      expect(await callIds()).toEqual(['1', '2', 'r1', 'r2']);
    });

    test('a newer one on the same thread replaces those that wait, in this box only', async () => {
      await accept(receipt(t1, 'old'));
      await store.accept({ ...aMessage(`carol@${domain}`), ...receipt(t1, 'hers') });
      const { dropped } = await accept(receipt(t2, 'new'), rules({ replaces: [t1, t2] }));
      expect(dropped).toMatchObject([{ box, reason: 'replaced by a newer receipt' }]);
      expect(await callIds()).toEqual(['new']);
      expect(await waiting(`carol@${domain}`)).toHaveLength(1);
    });

    test('a newer one finds room in a full box that the one it replaces leaves', async () => {
      const full = { box: { messages: 2, bytes: 0 } };
      await accept({ callId: '1' });
      await accept(receipt(t1, 'old'));
      expect((await accept(receipt(t2, 'other'), rules(full))).full).toBeDefined();
      expect((await accept(receipt(t1, 'new'), rules({ ...full, replaces: [t1] }))).stored).toBe(true);
      expect(await callIds()).toEqual(['1', 'new']);
    });

    test('the oldest gives way when there are too many', async () => {
      for (const callId of ['r1', 'r2', 'r3', 'r4'])
        await accept({ ...receipt('', callId) }, rules({ receipts: 2 }));
      expect(await callIds()).toEqual(['r3', 'r4']);
    });

    test('count on no lamp', async () => {
      await accept(receipt(t1, 'r'));
      await accept({ callId: '1', urgent: true });
      const [state] = await store.mailboxStates([box], now);
      expect(state!.waiting).toEqual({ messages: 1, urgent: 1 });
    });
  });

  describe('reminders', () => {
    const at = (sendTime: number, callId: string) => ({ sendTime, nextTime: sendTime, callId });

    test('wait for their time; those that are due go in the order of their times, behind what has none', async () => {
      await accept(at(1030, 'late'));
      await accept(at(1010, 'early'));
      await accept({ callId: 'plain' });
      expect(await callIds()).toEqual(['plain']);
      now = 1030;
      expect(await callIds()).toEqual(['plain', 'early', 'late']);
    });

    test('are listed by time, in pages, of one box or of all', async () => {
      await accept(at(1030, 'late'));
      await accept(at(1010, 'early'));
      await accept(at(1010, 'too'));
      const first = await store.reminders(box, now, 2);
      expect(first.map(({ callId }) => callId)).toEqual(['early', 'too']);
      expect((await store.reminders(box, now, 2, first[1])).map(({ callId }) => callId)).toEqual(['late']);
      expect((await store.reminders('', now, 1000)).filter((message) => message.box === box)).toHaveLength(3);
      now = 1015;
      expect(await store.reminders(box, now, 10)).toHaveLength(1);
    });

    test('can be cancelled before their time, not after', async () => {
      const [first, second] = [await accept(at(1010, 'a')), await accept(at(1020, 'b'))];
      now = 1010;
      expect(await store.cancel([first.id, second.id, 999_999_999], now)).toMatchObject([
        { id: second.id, box },
      ]);
      expect(await callIds()).toEqual(['a']);
      expect(await store.cancel([second.id], now)).toEqual([]);
    });
  });

  describe('devices', () => {
    test('a message remembers who has it; a stale lease changes nothing', async () => {
      const { id } = await accept({});
      const lease = await leaseOf();
      expect(await store.take(lease, id, 'urn:uuid:1')).toBe(true);
      expect(await store.take(lease, id, 'urn:uuid:2')).toBe(true);
      expect(await store.take(lease, id, 'urn:uuid:1')).toBe(true);
      expect(await store.take({ ...lease, fence: lease.fence - 1 }, id, 'urn:uuid:3')).toBe(false);
      expect(await store.take(lease, 999_999_999, 'urn:uuid:1')).toBe(false);
      expect((await waiting())[0]!.takenBy).toEqual(['urn:uuid:1', 'urn:uuid:2']);
      await store.release(lease);
    });

    test('as many devices as there may be, with long names, are remembered', async () => {
      const { id } = await accept({});
      const lease = await leaseOf();
      const names = Array.from({ length: 400 }, (_, n) => `${n}`.padEnd(255, 'é'));
      for (const name of names) expect(await store.take(lease, id, name)).toBe(true);
      await store.defer(lease, id, { nextTime: 0, status: 415, strike: false, refusedBy: names[0]! });
      expect((await waiting())[0]!.takenBy).toEqual(names);
      await store.settle(lease, (await waiting())[0]!, { outcome: 'dead', status: 0, reason: 'x' });
      await store.release(lease);
    });

    test('what waits for one of them is what it has not taken or refused, in pages', async () => {
      const rows: { readonly id: number }[] = [];
      for (let n = 0; n < 6; n++) rows.push(await accept({}));
      const lease = await leaseOf();
      await store.take(lease, rows[0]!.id, 'urn:uuid:1');
      await store.take(lease, rows[0]!.id, 'urn:uuid:12');
      await store.take(lease, rows[1]!.id, 'urn:uuid:12');
      const refusal = { nextTime: 0, status: 415, strike: false, refusedBy: 'urn:uuid:1' };
      await store.defer(lease, rows[3]!.id, refusal);
      await store.release(lease);
      const first = await store.waiting(box, now, 2, { device: 'urn:uuid:1' });
      const second = await store.waiting(box, now, 10, { after: first.at(-1), device: 'urn:uuid:1' });
      expect([...first, ...second].map(({ id }) => id)).toEqual([1, 2, 4, 5].map((n) => rows[n]!.id));
    });

    test('a late answer needs no lease', async () => {
      const message = aMessage(box);
      await store.accept(message);
      expect(await store.takeByKey(message.key, 'urn:uuid:1')).toBe(true);
      expect((await waiting())[0]!.takenBy).toEqual(['urn:uuid:1']);
      expect(await store.takeByKey('0'.repeat(64), 'urn:uuid:1')).toBe(false);
    });

    test('what one device has is news no more: the lamp does not count it', async () => {
      const message = aMessage(box);
      await store.accept(message);
      await store.takeByKey(message.key, 'urn:uuid:1');
      const [state] = await store.mailboxStates([box], now);
      expect(state!.waiting).toEqual({ messages: 0, urgent: 0 });
    });

    test('a message whose time is over was delivered if somebody had it', async () => {
      const [one, two] = [aMessage(box, { expTime: 1100 }), aMessage(box, { expTime: 1100 })];
      await store.accept(one);
      await store.accept(two);
      await store.takeByKey(one.key, 'urn:uuid:1');
      const overdue = (await store.expire(1100, 100)).filter(({ message }) => message.box === box);
      expect(overdue.map(({ message, outcome }) => [message.key, outcome]).sort()).toEqual(
        [
          [one.key, 'delivered'],
          [two.key, 'expired'],
        ].sort(),
      );
    });

    test('a dead letter that comes back still knows who has it', async () => {
      const { id } = await accept({});
      const lease = await leaseOf();
      await store.take(lease, id, 'urn:uuid:1');
      const [message] = await waiting();
      await store.settle(lease, message!, { outcome: 'dead', status: 400, reason: 'no' });
      await store.release(lease);
      await store.replay([id], 9000);
      expect((await waiting())[0]!.takenBy).toEqual(['urn:uuid:1']);
    });

    test('a device is known until a time, which never comes nearer; when it was first seen stays', async () => {
      await store.knowDevice(box, 'urn:uuid:1', 1000, 9000);
      await store.knowDevice(box, 'urn:uuid:1', 2000, 8000);
      await store.knowDevice(box, 'urn:uuid:2', 2000, 9500);
      expect(await store.deviceStates(box)).toMatchObject([
        { device: 'urn:uuid:1', firstSeen: 1000, until: 9000, attempts: 0, nextTime: 0 },
        { device: 'urn:uuid:2', firstSeen: 2000, until: 9500 },
      ]);
    });

    test('its back-off is held, found when it is due, ended, and parked', async () => {
      const lease = await leaseOf();
      await store.knowDevice(box, 'urn:uuid:1', 1000, 9000);
      const hold = { attempts: 2, strikes: 1, nextTime: 1500, lastStatus: 486 };
      expect(await store.holdDevice(lease, 'urn:uuid:1', now, hold)).toBe(true);
      expect(await store.holdDevice(lease, 'sip:bob@192.0.2.1', now, { ...hold, nextTime: 1600 })).toBe(true);
      expect(await store.holdDevice({ ...lease, fence: 1 }, 'urn:uuid:1', now, hold)).toBe(false);
      const due = async (until: number) =>
        (await store.dueDevices(until, undefined, 1000)).filter((one) => one.box === box);
      expect(await due(1499)).toEqual([]);
      expect(await due(1600)).toEqual([
        { box, device: 'urn:uuid:1', nextTime: 1500 },
        { box, device: 'sip:bob@192.0.2.1', nextTime: 1600 },
      ]);
      const states = new Map((await store.deviceStates(box)).map((state) => [state.device, state]));
      expect(states.get('urn:uuid:1')).toMatchObject({ ...hold, firstSeen: 1000, until: 9000 });
      expect(states.get('sip:bob@192.0.2.1')).toMatchObject({ until: 0, nextTime: 1600 });
      await store.parkDevices(box, 1500);
      expect(await due(9999)).toMatchObject([{ nextTime: 1600 }]);
      await store.release(lease);
    });

    test('devices that are due come in pages, by time, however many have the same one', async () => {
      const names = Array.from({ length: 7 }, (_, n) => `urn:uuid:${n}`);
      const lease = await leaseOf();
      const hold = { attempts: 1, strikes: 0, lastStatus: 486 };
      for (const [n, device] of names.entries())
        await store.holdDevice(lease, device, now, { ...hold, nextTime: n === 0 ? 51 : 50 });
      const found: DueDevice[] = [];
      let after: DueDevice | undefined;
      do {
        const page = await store.dueDevices(51, after, 2);
        expect(page.length).toBeLessThanOrEqual(2);
        found.push(...page);
        after = page.at(-1);
      } while (after);
      const ours = found.filter((one) => one.box === box).map(({ device }) => device);
      expect([...ours].sort()).toEqual(names);
      expect(ours.at(-1)).toBe('urn:uuid:0');
      await store.release(lease);
    });

    test('a device that is owed nothing any more is forgotten', async () => {
      await store.knowDevice(box, 'urn:uuid:1', 1000, 2000);
      await store.knowDevice(box, 'urn:uuid:2', 1000, 900_000);
      while ((await store.forgetDevices(200_000, 100)) > 0);
      expect(await store.deviceStates(box)).toMatchObject([{ device: 'urn:uuid:2' }]);
    });
  });
}
