/** The verdict on a run with faults: its figures on one line, the promises, and the store's own books. */
import { expect } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import type { Ledger } from '../support/load/ledger.ts';
import type { Chance } from '../support/load/random.ts';

export async function judge(what: string, ledger: Ledger, store: string, { seed }: Chance): Promise<void> {
  const { totals, broken } = ledger;
  const figures = Object.entries(totals).map(([name, count]) => `${name} ${count}`);
  console.log(`${what}: ${figures.join(', ')} (FAULT_SEED=${seed})`);
  expect(broken, `FAULT_SEED=${seed}`).toEqual([]);
  expect(totals, `FAULT_SEED=${seed}`).toMatchObject({ lost: 0, unanswered: 0 });

  // The store's own books agree: nothing waits any more, and nothing ended in any other way.
  const books = await openStore(store);
  try {
    expect(await books.ledger()).toMatchObject({ waiting: 0, expired: 0, dead: 0, erased: 0 });
  } finally {
    await books.close();
  }
}
