/** What the sweeps of an application do in the course of time, until nothing is left to do. */
import { expect } from 'vitest';
import type { Store } from '../../../lib/stores/contract/store.ts';

/** Tables with few rows for ever, and why. */
const BOUNDED: Readonly<Record<string, string>> = {
  silo_body_key: 'a row for each key that an operator has made',
  silo_quarantine: 'a row at the most',
  silo_schema: 'a row for each step of the schema',
  subscriber: 'a row for each user, which an operator adds and removes',
  silo_box_total: 'a row for each domain in which mail waits',
  silo_outcome: 'a row for each way in which a message can end',
};
const PAGE = 1000;
/** Epoch seconds, long after all that the tables are filled with. */
const LATER = 4_000_000_000;

async function all(some: () => Promise<{ readonly length: number } | number>): Promise<void> {
  for (let found: { readonly length: number } | number = PAGE; found !== 0;) {
    found = await some();
    if (typeof found !== 'number') found = found.length;
  }
}

async function purgeAll(store: Store): Promise<void> {
  await all(async () => {
    const rows = await store.foreign(PAGE);
    await store.adopt(
      rows.map(({ id }) => {
        const key = `f${String(id).padStart(63, '0')}`;
        return { id, key, box: 'bob@example.org', incTime: 1, expTime: 2 };
      }),
    );
    return rows;
  });
  await all(() => store.orphans('tester', PAGE));
  await all(() => store.expire(LATER, PAGE));
  for (let after = ''; ;) {
    ({ after } = await store.endVanished(after, PAGE));
    if (after === '') break;
  }
  await all(() => store.forget(LATER + 1, PAGE));
  await all(() => store.expireDead(LATER, PAGE));
  await all(() => store.expireBindings(LATER, PAGE));
  await all(() => store.forgetDevices(LATER, PAGE));
  await all(() => store.forgetTurns(LATER, PAGE));
  await all(async () => {
    const rows = await store.boxPage('name', '', PAGE);
    await store.countBoxes(rows.map(({ box }) => box));
    return rows;
  });
  await all(() => store.forgetSubmissions(LATER, PAGE));
  await all(() => store.expirePublications(LATER, PAGE));
  await all(() => store.expireSubscriptions(LATER, PAGE));
  // At most so many of a table each time, in MySQL.
  for (let time = 0; time < 5; time++) await store.forgetMailboxes(LATER + 1, LATER + 1);
  await store.forgetNodes(1);
  await store.forgetNonceKeys(LATER);
}

/**
 * Each table that the database has had rows, and has none when all is over. So a new table needs rows in `filling.ts`, and
 * something that takes them away; or a bound, with its reason, above.
 */
export async function expectPurged(
  store: Store,
  counts: () => Promise<ReadonlyMap<string, number>>,
): Promise<void> {
  const unbounded = async () => [...(await counts())].filter(([table]) => !(table in BOUNDED));
  const empty = async () => (await unbounded()).filter(([, rows]) => rows === 0).map(([table]) => table);
  expect(await empty()).toEqual([]);
  await purgeAll(store);
  expect((await unbounded()).filter(([, rows]) => rows > 0)).toEqual([]);
}
