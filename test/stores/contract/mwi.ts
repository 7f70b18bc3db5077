/** The suite that every store's lamps pass. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PublicationChange, Subscription } from '../../../lib/stores/contract/mwi.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { aMessage, type StoreUnderTest } from './messages.ts';

let serial = 0;

export function aSubscription(mailbox: string, over: Partial<Subscription> = {}): Subscription {
  serial++;
  return {
    id: serial.toString(16).padStart(32, 'x'),
    mailbox,
    eventId: '',
    device: serial.toString(16).padStart(64, 'y'),
    node: 'node-1',
    run: 'run-1',
    callId: `call-${serial}@example.org`,
    localTag: `local-${serial}`,
    remoteTag: `remote-${serial}`,
    local: `<sip:${mailbox}>`,
    remote: `"Bob \\"B\\" 🐘" <sip:${mailbox}>`,
    target: 'sip:bob@192.0.2.1:5071;ob',
    routes: ['<sip:edge.example.org;lr>', '<sip:core.example.org;lr>'],
    source: { address: '2001:db8::1', port: 5071, protocol: 'tcp' },
    contact: '<sip:192.0.2.9:5060;transport=tcp>',
    remoteCseq: 7,
    localCseq: 7,
    aliased: false,
    moved: false,
    expires: 5000,
    updated: 1000,
    ...over,
  };
}

export function aPublication(mailbox: string, over: Partial<PublicationChange> = {}): PublicationChange {
  serial++;
  return {
    mailbox,
    publisher: 'voicemail@example.org',
    replace: true,
    ifMatch: undefined,
    tag: serial.toString(16).padStart(32, 'z'),
    expires: 5000,
    body: 'Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n',
    now: 1000,
    ...over,
  };
}

export function mwiConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  const now = 1000;
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
    box = `lamp-${++serial}@example.org`;
  });

  const bodies = async (at = now) =>
    (await store.mailboxStates([box], at))[0]!.publications.map(({ body }) => body);
  const counts = async (at = now) => (await store.mailboxStates([box], at))[0]!.waiting;
  async function changesOf(mark: number): Promise<boolean[]> {
    const rows = await store.mailboxChanges(mark, 1000);
    return rows.filter(({ mailbox }) => mailbox === box).map(({ watchers }) => watchers);
  }

  describe('publications', () => {
    test('an initial one is stored, found by its tag, refreshed, modified and removed', async () => {
      const first = aPublication(box);
      expect(await store.publish(first)).toBe('changed');
      const refresh = aPublication(box, { ifMatch: first.tag, body: undefined, expires: 6000 });
      expect(await store.publish(refresh)).toBe('kept');
      expect(await bodies(5500)).toEqual([first.body]);
      const modify = aPublication(box, { ifMatch: refresh.tag, body: 'Messages-Waiting: no\r\n' });
      expect(await store.publish(modify)).toBe('changed');
      expect(await bodies()).toEqual(['Messages-Waiting: no\r\n']);
      const remove = aPublication(box, { ifMatch: modify.tag, body: undefined, expires: now });
      expect(await store.publish(remove)).toBe('changed');
      expect(await bodies()).toEqual([]);
    });

    test('a tag is good once, for its own mailbox, and not after its end', async () => {
      const first = aPublication(box, { expires: 1010 });
      await store.publish(first);
      expect(await store.publish(aPublication(`x${box}`, { ifMatch: first.tag }))).toBe('unmatched');
      expect(await store.publish(aPublication(box, { ifMatch: first.tag, now: 1010 }))).toBe('unmatched');
      expect(await store.publish(aPublication(box, { ifMatch: first.tag, body: 'new' }))).toBe('changed');
      expect(await store.publish(aPublication(box, { ifMatch: first.tag, body: 'new' }))).toBe('unmatched');
    });

    test('a publisher replaces its own and leaves that of others, unless told otherwise', async () => {
      await store.publish(aPublication(box));
      await store.publish(aPublication(box, { publisher: 'fax@example.org', body: 'fax' }));
      await store.publish(aPublication(box, { body: 'second' }));
      expect((await bodies()).sort()).toEqual(['fax', 'second']);
      await store.publish(aPublication(box, { body: 'third', replace: false }));
      expect((await bodies()).sort()).toEqual(['fax', 'second', 'third']);
    });

    test('one with no lifetime is processed and not kept', async () => {
      expect(await store.publish(aPublication(box, { expires: now }))).toBe('kept');
      expect(await bodies()).toEqual([]);
    });

    test('those that come at once are applied in order, on two nodes one after the other', async () => {
      const other = await under.open(() => now);
      const first = aPublication(box);
      await store.publish(first);
      const racers = Array.from({ length: 20 }, (_, i) =>
        aPublication(box, { ifMatch: first.tag, body: `racer ${i}` }),
      );
      const results = await Promise.all(racers.map((change, i) => (i % 2 ? store : other).publish(change)));
      expect(results.filter((result) => result === 'changed')).toHaveLength(1);
      expect(await bodies()).toHaveLength(1);
      await other.close();
    });

    test('expired ones count no more at once, and are removed with a word to the watchers', async () => {
      await store.publish(aPublication(box, { expires: 1200 }));
      expect(await bodies(1199)).toHaveLength(1);
      expect(await bodies(1200)).toHaveLength(0);
      const mark = await store.lastMailboxChange();
      expect(await store.expirePublications(1200, 100)).toContain(box);
      expect(await changesOf(mark)).toEqual([false]);
      expect(await store.expirePublications(1200, 100)).not.toContain(box);
    });
  });

  describe('waiting messages', () => {
    test('those that may be delivered now are counted, urgent ones apart', async () => {
      await store.accept(aMessage(box));
      await store.accept(aMessage(box, { urgent: true }));
      await store.accept(aMessage(box, { sendTime: 1500, nextTime: 1500 }));
      await store.accept(aMessage(box, { expTime: 1100 }));
      expect(await counts()).toEqual({ messages: 3, urgent: 1 });
      expect(await counts(1100)).toEqual({ messages: 2, urgent: 1 });
      expect(await counts(1500)).toEqual({ messages: 3, urgent: 1 });
    });

    test('boxes whose count changes with time alone are named, if they are watched', async () => {
      await store.accept(aMessage(box, { expTime: 1100, sendTime: 1050, nextTime: 1050 }));
      expect(await store.turnedBoxes(1000, 2000)).not.toContain(box);
      await store.watchMailbox(box, now);
      expect(await store.turnedBoxes(1049, 1050)).toContain(box);
      expect(await store.turnedBoxes(1050, 1099)).not.toContain(box);
      expect(await store.turnedBoxes(1099, 1100)).toContain(box);
    });

    test('several mailboxes are read at once, in the order asked', async () => {
      await store.accept(aMessage(box));
      const states = await store.mailboxStates([`b${box}`, box, `a${box}`], now);
      expect(states.map(({ mailbox }) => mailbox)).toEqual([`b${box}`, box, `a${box}`]);
      expect(states.map(({ waiting }) => waiting.messages)).toEqual([0, 1, 0]);
      expect(await store.mailboxStates([], now)).toEqual([]);
    });
  });

  describe('changes', () => {
    test('accepting, ending and adopting messages of a watched box are told, of others not', async () => {
      const mark = await store.lastMailboxChange();
      await store.accept(aMessage(box));
      expect(await changesOf(mark)).toEqual([]);
      await store.watchMailbox(box, now);
      const message = aMessage(box, { expTime: 1200 });
      await store.accept(message);
      expect(await changesOf(mark)).toHaveLength(1);
      await store.settleByKey(message.key, { outcome: 'delivered', status: 200, reason: '' });
      expect(await changesOf(mark)).toHaveLength(2);
      await store.accept(aMessage(box, { expTime: 1200 }));
      while ((await store.expire(1200, 100)).length > 0);
      expect(await changesOf(mark)).toHaveLength(4);
      const claim = await store.claim(box, 'node', 30);
      const [waiting] = await store.waiting(box, now, 1);
      if (!('lease' in claim)) throw new Error('no lease');
      await store.settle(claim.lease, waiting!, { outcome: 'dead', status: 400, reason: '' });
      expect(await changesOf(mark)).toHaveLength(5);
      await under.sql(
        'insert into silo (username, domain, inc_time, exp_time, body) ' +
          `values ('${box.split('@')[0]}', 'example.org', 1000, 5000, 'hi')`,
      );
      const [row] = await store.foreign(10);
      const key = serial.toString(16).padStart(64, 'f');
      await store.adopt([{ id: row!.id, key, box, incTime: 1000, expTime: 5000 }]);
      expect(await changesOf(mark)).toHaveLength(6);
    });

    test('a refresh of a publication is no change, a modification is one', async () => {
      const first = aPublication(box);
      await store.publish(first);
      const mark = await store.lastMailboxChange();
      const refresh = aPublication(box, { ifMatch: first.tag, body: undefined });
      await store.publish(refresh);
      expect(await changesOf(mark)).toEqual([]);
      await store.publish(aPublication(box, { ifMatch: refresh.tag, body: 'other' }));
      expect(await changesOf(mark)).toEqual([false]);
    });

    test('old changes and mailboxes that nobody uses are forgotten', async () => {
      await store.watchMailbox(box, now);
      await store.watchMailbox(`used-${box}`, now);
      await store.subscribe(aSubscription(`used-${box}`));
      const mark = await store.lastMailboxChange();
      await store.accept(aMessage(box));
      expect(await changesOf(mark)).toHaveLength(1);
      await store.forgetMailboxes(now + 1, now + 1);
      expect(await changesOf(mark)).toHaveLength(0);
      await store.accept(aMessage(box));
      expect(await changesOf(mark)).toHaveLength(0);
      await store.accept(aMessage(`used-${box}`));
      expect(await store.mailboxChanges(mark, 10)).toHaveLength(1);
    });
  });

  describe('subscriptions', () => {
    test('one comes back as it was, for the next run of its node', async () => {
      const subscription = aSubscription(box, { node: `node-${box}` });
      expect(await store.subscribe(subscription)).toEqual([]);
      expect(await store.subscriptionsOf(`node-${box}`, 'run-1', '', 10)).toEqual([subscription]);
      expect(await store.subscriptionsOf(`node-${box}`, 'run-2', '', 10)).toEqual([]);
      expect(await store.subscribedRuns(`node-${box}`)).toEqual(['run-1']);
      expect(await store.subscribedRuns('node-2')).toEqual([]);
    });

    test('one replaces that of the same device, mailbox and Event id, and says so', async () => {
      const device = 'a'.repeat(64);
      const first = aSubscription(box, { device });
      const kept = [
        aSubscription(box, { device, eventId: '1' }),
        aSubscription(box),
        aSubscription(`x${box}`, { device }),
      ];
      await store.subscribe(first);
      for (const other of kept) expect(await store.subscribe(other)).toEqual([]);
      const mark = await store.lastMailboxChange();
      const second = aSubscription(box, { device });
      expect(await store.subscribe(second)).toEqual([first]);
      expect(await changesOf(mark)).toEqual([true]);
      expect(await store.subscriptionIds([box, `x${box}`])).toEqual(
        new Set([...kept, second].map(({ id }) => id)),
      );
    });

    test('a refresh moves target, times and numbers, and finds nothing when it is gone', async () => {
      const subscription = aSubscription(box, { node: `node-${box}` });
      await store.subscribe(subscription);
      const refresh = {
        target: 'sip:bob@192.0.2.2',
        remoteCseq: 8,
        localCseq: 20,
        expires: 6000,
        updated: 1500,
        source: { address: '192.0.2.2', port: 5060, protocol: 'udp' },
        moved: true,
      };
      expect(await store.refreshSubscription(subscription.id, refresh)).toBe(true);
      expect(await store.refreshSubscription(subscription.id, refresh)).toBe(true);
      expect(await store.subscriptionsOf(`node-${box}`, 'run-1', '', 10)).toEqual([
        { ...subscription, ...refresh },
      ]);
      await store.unsubscribe([subscription.id]);
      await store.unsubscribe([]);
      expect(await store.refreshSubscription(subscription.id, refresh)).toBe(false);
    });

    test('those of a dead node are found run by run, in pages, and taken by one of two who want them', async () => {
      const node = `node-${box}`;
      const of = (run: string) => aSubscription(`${run}-${box}`, { node, run });
      const all = [of('run-1'), of('run-1'), of('run-1'), of('run-2')];
      for (const one of all) await store.subscribe(one);
      expect([...(await store.subscribedRuns(node))].sort()).toEqual(['run-1', 'run-2']);
      expect(await store.subscribedRuns('nobody')).toEqual([]);
      const page = await store.subscriptionsOf(node, 'run-1', '', 2);
      expect(page).toEqual(all.slice(0, 2));
      expect(await store.subscriptionsOf(node, 'run-1', page[1]!.id, 2)).toEqual(all.slice(2, 3));

      const ids = all.map(({ id }) => id);
      const takers = [1, 2].map((taker) => ({ node: `taker-${taker}-${box}`, run: 'run' }));
      const other = await under.open(() => now);
      const taken = await Promise.all(
        takers.map((to, index) => [store, other][index]!.takeSubscriptions(ids, node, to)),
      );
      expect(taken.flatMap((each) => [...each]).sort()).toEqual([...ids].sort());
      for (const [index, to] of takers.entries()) {
        const rows = await store.subscriptionsOf(to.node, 'run', '', 10);
        expect(new Set(rows.map(({ id }) => id))).toEqual(taken[index]);
      }
      expect(await store.subscribedRuns(node)).toEqual([]);
      expect(await store.takeSubscriptions(ids, node, takers[0]!)).toEqual(taken[0]);
      expect(await store.takeSubscriptions([], node, takers[0]!)).toEqual(new Set());
      await other.close();
    });

    test('those of dead nodes are removed after their end', async () => {
      const subscription = aSubscription(box, { expires: 1300 });
      await store.subscribe(subscription);
      while ((await store.expireSubscriptions(1300, 100)) > 0);
      expect(await store.subscriptionIds([box])).toEqual(new Set([subscription.id]));
      while ((await store.expireSubscriptions(1301, 100)) > 0);
      expect(await store.subscriptionIds([box])).toEqual(new Set());
    });

    test('many at once are all stored', async () => {
      const all = Array.from({ length: 300 }, () => aSubscription(box));
      await Promise.all(all.map((subscription) => store.subscribe(subscription)));
      expect((await store.subscriptionIds([box])).size).toBe(300);
    });
  });
}
