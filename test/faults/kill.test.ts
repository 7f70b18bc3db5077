/** Must be shown 3: `kill -9` under load, 30 times on each store. `FAULT_SEED` repeats a run's moments. */
import { describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { judge } from './judge.ts';
import { killRun } from './kill-run.ts';
import { ownMariaDb, ownSqlite, type OwnStore } from './own-store.ts';
import { chance } from '../support/load/random.ts';

const KILLS = 30;
const LIMIT = 900_000;

async function survives(name: string, own: OwnStore): Promise<void> {
  const dice = chance();
  try {
    const ledger = await killRun({ store: own.url, kills: KILLS, chance: dice });
    await judge(`one node on ${name}, kill -9`, ledger, own.url, dice);
    expect(ledger.totals.faults).toBe(KILLS);
    expect(ledger.totals.acknowledged).toBeGreaterThan(10 * KILLS);
  } finally {
    await own.drop();
  }
}

// Side by side: each run waits most of its time.
describe.concurrent('what got a 2xx is delivered, in order and once per kill at most twice', () => {
  test('when the app is killed 30 times on SQLite', { timeout: LIMIT }, () =>
    survives('SQLite', ownSqlite()),
  );

  test(
    'when the app is killed 30 times on MariaDB',
    { timeout: LIMIT, ...needing(mariadbMissing()) },
    async () => survives('MariaDB', await ownMariaDb()),
  );
});
