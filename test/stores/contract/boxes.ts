/** What every store says about boxes as an operator sees them: counts, pages, and what is changed in one. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BoxCounting } from '../../../lib/silo/manage/counting.ts';
import { REMOVED } from '../../../lib/stores/contract/mending.ts';
import type { NewMessage } from '../../../lib/stores/contract/message.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { aMessage, type StoreUnderTest } from './messages.ts';

export function boxConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let [store, other]: Store[] = [];
  let now = 1000;
  let serial = 0;
  let domain = '';

  beforeAll(async () => {
    under = await create();
    store = await under.open(() => now);
    other = await under.open(() => now);
  });
  afterAll(async () => {
    await store!.close();
    await other!.close();
    await under.remove();
  });
  beforeEach(() => {
    now = 1000;
    domain = `boxes${serial++}.example.org`;
  });

  const aor = (user: string) => `${user}@${domain}`;
  const accept = async (user: string, over: Partial<NewMessage> = {}) => {
    const message = aMessage(aor(user), over);
    await store!.accept(message);
    return message;
  };
  const page = (order: 'waiting' | 'oldest' | 'name') => store!.boxPage(order, domain, 100);
  const counts = async () => (await page('name')).map(({ box, messages }) => [box, messages]);

  describe('boxes', () => {
    test('are counted on demand, with their sums; one that is empty has no row', async () => {
      for (const user of ['a', 'b', 'b']) await accept(user);
      const counted = await store!.countBoxes([aor('b'), aor('a'), aor('c')]);
      expect(counted.map(({ box, messages }) => [box, messages]).sort()).toEqual([
        [aor('a'), 1],
        [aor('b'), 2],
      ]);
      expect(await counts()).toEqual([
        [aor('a'), 1],
        [aor('b'), 2],
      ]);
      expect(await store!.boxTotals(domain)).toMatchObject({ boxes: 2, messages: 3 });
      await store!.removeFrom(aor('b'), undefined, REMOVED, 100);
      expect(await store!.countBoxes([aor('b')])).toEqual([]);
      expect(await counts()).toEqual([[aor('a'), 1]]);
      expect(await store!.boxTotals(domain)).toMatchObject({ boxes: 1, messages: 1 });
    });

    test('the first one of a box is the first accepted, and not one that is to wait for its time', async () => {
      await accept('a', { sendTime: 4000 });
      const first = await accept('a');
      await accept('a');
      const [row] = await store!.countBoxes([aor('a')]);
      const [head] = await store!.boxHeads([row!.firstId]);
      expect(head).toMatchObject({ box: aor('a'), incTime: first.incTime, sendTime: 0 });
      expect((await store!.messageByKey(first.key))!.id).toBe(row!.firstId);
    });

    test('that two nodes count at once have one row each, and right sums', async () => {
      const users = Array.from({ length: 20 }, (_, n) => `u${n}`);
      await store!.acceptAll(users.map((user) => aMessage(aor(user))));
      const names = users.map(aor);
      await Promise.all([
        ...[store, other, store, other].map((node) => node!.countBoxes(names)),
        other!.countBoxes([...names].reverse()),
      ]);
      expect(await store!.boxTotals(domain)).toMatchObject({ boxes: 20, messages: 20 });
      expect(await page('waiting')).toHaveLength(20);
    });

    test('a round through all finds what nobody noted: rows that came, and rows that another program deleted', async () => {
      const counting = new BoxCounting({ store: store!, now: () => now });
      await accept('a');
      const gone = await accept('b');
      await store!.countBoxes([aor('b')]);
      await under.sql(`delete from silo where dedup = '${gone.key}'`);
      await counting.all();
      expect(await counts()).toEqual([[aor('a'), 1]]);
      expect((await store!.boxTotals('')).counted).toBe(now);
      await counting.close();
    });
  });

  describe('in a box', () => {
    test('all is found in the order of sending, and without bodies where they are not wanted', async () => {
      const late = await accept('a', { sendTime: 4000 });
      const receipt = await accept('a', { kind: 'receipt' });
      const plain = await accept('a', { body: Buffer.from('text') });
      const all = await store!.contents(aor('a'), 'whole', 100);
      expect(all.map(({ key }) => key)).toEqual([plain.key, late.key, receipt.key]);
      expect(all[0]!.body.toString()).toBe('text');
      expect(all[0]!.headers).toBe(plain.headers);
      const facts = await store!.contents(aor('a'), 'facts', 100, all[0]);
      expect(facts.map(({ key }) => key)).toEqual([late.key, receipt.key]);
      expect(facts[0]).toMatchObject({ seal: undefined, headers: '' });
      expect(facts[0]!.size).toBe(all[1]!.body.length + all[1]!.headers.length);
    });

    test('what is moved keeps its key, its place and its content, and the ledger says where it is', async () => {
      const moved = await accept('a', { body: Buffer.from([1, 2, 0, 255]) });
      const whole = await store!.contents(aor('a'), 'whole', 100);
      const target = `b@else.${domain}`;
      const there = await store!.moveFrom(
        aor('a'),
        whole.map((message) => ({ ...message, box: target })),
        now,
      );
      expect(there).toMatchObject([{ box: target, key: moved.key }]);
      expect(await store!.contents(aor('a'), 'facts', 100)).toEqual([]);
      const [found] = await store!.contents(target, 'whole', 100);
      expect(found).toMatchObject({
        id: whole[0]!.id,
        key: moved.key,
        headers: moved.headers,
        nextTime: now,
      });
      expect(found!.body).toEqual(moved.body);
      expect(await store!.ledgerBetween(moved.key, moved.key, 10)).toMatchObject([
        { box: target, outcome: '' },
      ]);
      // A repeat of it is known.
      expect(await store!.accept(moved)).toMatchObject({ stored: false });
      expect(await store!.moveFrom(aor('a'), whole, now)).toEqual([]);
    });

    test('what is taken up again has no back-off, no strikes and no refusals', async () => {
      const { key } = await accept('a');
      const reminder = await accept('a', { sendTime: 4000, nextTime: 4000 });
      const claim = await store!.claim(aor('a'), 'node', 30);
      const { id } = (await store!.messageByKey(key))!;
      if (!('lease' in claim)) throw new Error('held');
      await store!.defer(claim.lease, id, { nextTime: 3000, status: 486, strike: true, refusedBy: 'urn:x' });
      await store!.release(claim.lease);
      expect(await store!.requeue(aor('a'), now)).toBe(1);
      expect(await store!.messageByKey(key)).toMatchObject({
        nextTime: now,
        strikes: 0,
        refusedBy: [],
        attempts: 1,
      });
      expect(await store!.messageByKey(reminder.key)).toMatchObject({ nextTime: 4000 });
    });

    test('what is taken up again while an attempt is under way is not deferred by it', async () => {
      const { key } = await accept('a');
      const claim = await store!.claim(aor('a'), 'node', 30);
      const { id, nextTime: since } = (await store!.messageByKey(key))!;
      if (!('lease' in claim)) throw new Error('held');
      const deferral = { nextTime: 3000, status: 500, strike: true };
      expect(await store!.requeue(aor('a'), now)).toBe(1);
      expect(await store!.defer(claim.lease, id, { ...deferral, since })).toBe(false);
      expect(await store!.messageByKey(key)).toMatchObject({ nextTime: now, strikes: 0, attempts: 0 });
      expect(await store!.defer(claim.lease, id, { ...deferral, since: now })).toBe(true);
      expect(await store!.messageByKey(key)).toMatchObject({ nextTime: 3000, strikes: 1, attempts: 1 });
    });
  });
}
