/** What every store says about rows that another program (a Kamailio, an operator) writes and deletes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Lease } from '../../../lib/stores/contract/leases.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { aMessage, type StoreUnderTest } from './messages.ts';

export function foreignRowsConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  let boxes = 0;
  let box = '';
  const now = 1000;

  beforeAll(async () => {
    under = await create();
    store = await under.open(() => now);
  });
  afterAll(async () => {
    await store.close();
    await under.remove();
  });
  beforeEach(() => {
    box = `foreign${boxes++}@example.org`;
  });

  async function leaseOf(): Promise<Lease> {
    const claim = await store.claim(box, 'node-1', 30);
    if (!('lease' in claim)) throw new Error(`the box is held for ${claim.heldFor} s`);
    return claim.lease;
  }
  const waiting = () => store.waiting(box, now, 100);
  const delivered = { outcome: 'delivered', status: 200, reason: 'OK' } as const;

  describe('rows of other programs', () => {
    test('an INSERT as Kamailio writes it is found, adopted once, and then handed out', async () => {
      await under.sql(
        'insert into silo (src_addr, dst_addr, username, domain, inc_time, exp_time, snd_time, ctype, body, extra_hdrs) ' +
          `values ('sip:carol@example.org', 'sip:dave@Example.org', 'dave', 'Example.org', 1000, 5000, 0, 'text/plain', 'hi', '')`,
      );
      const [row] = await store.foreign(10);
      expect(row).toMatchObject({
        username: 'dave',
        domain: 'Example.org',
        incTime: 1000,
        expTime: 5000,
        sendTime: 0,
      });
      const adoption = { id: row!.id, key: 'f'.repeat(64), box, incTime: 1000, expTime: 5000 };
      await Promise.all([store.adopt([adoption]), store.adopt([adoption])]);
      expect(await store.foreign(10)).toEqual([]);
      const [message] = await waiting();
      expect(message).toMatchObject({ srcAddr: 'sip:carol@example.org', dateTime: 1000, key: adoption.key });
      expect(message!.body.toString()).toBe('hi');
    });

    test('what another program deleted ends as erased, once, and nothing else does', async () => {
      const all = async (limit: number) => {
        const found: string[] = [];
        for (let after = ''; ;) {
          const look = await store.endVanished(after, limit);
          found.push(...look.ended.filter((ended) => ended.box === box).map(({ key }) => key));
          if (look.after === '') return found;
          expect(look.after > after).toBe(true);
          after = look.after;
        }
      };
      const messages = Array.from({ length: 5 }, () => aMessage(box));
      for (const message of messages) await store.accept(message);
      const lease = await leaseOf();
      const rows = await waiting();
      await store.settle(lease, rows[0]!, delivered);
      await store.settle(lease, rows[1]!, { outcome: 'dead', status: 400, reason: 'Bad Request' });
      const before = await store.ledger();
      expect(await all(100)).toEqual([]);
      await under.sql(`delete from silo where dedup in ('${messages[2]!.key}', '${messages[4]!.key}')`);
      // In pages of any size, also of one.
      expect(await all(1)).toEqual([messages[2]!.key, messages[4]!.key]);
      expect(await all(2)).toEqual([]);
      expect(await store.ledger()).toEqual({
        ...before,
        waiting: before.waiting - 2,
        erased: before.erased + 2,
      });
      expect(await store.accept(messages[2]!)).toEqual({ stored: false, id: 0 });
      expect((await waiting()).map(({ key }) => key)).toEqual([messages[3]!.key]);
      expect(await store.settle(lease, rows[2]!, delivered)).toBe(false);
      expect(await store.ledger()).toMatchObject({ delivered: before.delivered });
    });

    test('no look for deleted rows mistakes what comes and goes meanwhile', async () => {
      const second = await under.open(() => now);
      const before = await store.ledger();
      const work = { over: false };
      const looking = (async () => {
        const found: string[] = [];
        for (let after = ''; !work.over;) {
          const look = await second.endVanished(after, 50);
          found.push(...look.ended.filter((ended) => ended.box === box).map(({ key }) => key));
          after = look.after;
          // SQLite works in one go: others must have their turn.
          await new Promise((resolve) => setImmediate(resolve));
        }
        return found;
      })();
      try {
        const lease = await leaseOf();
        for (let round = 0; round < 15; round++) {
          await Promise.all(Array.from({ length: 20 }, () => store.accept(aMessage(box))));
          const rows = await waiting();
          await Promise.all(
            rows.map((row, index) => {
              if (index % 2 === 0) return store.settle(lease, row, delivered);
              return store.settle(lease, row, { outcome: 'dead', status: 400, reason: 'Bad Request' });
            }),
          );
          const letters = await store.deadLetters(box, 0, 100);
          await store.replay(
            letters.map(({ id }) => id),
            5000,
          );
          for (const row of await waiting()) await store.settle(lease, row, delivered);
        }
        await store.release(lease);
      } finally {
        work.over = true;
      }
      expect(await looking).toEqual([]);
      expect(await store.ledger()).toEqual({ ...before, delivered: before.delivered + 300 });
      await second.close();
    });
  });
}
