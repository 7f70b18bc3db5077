/** Must be shown 3: `kill -9` under load, 30 times on each store. `KILL_SEED` repeats a run's moments. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { killRun } from './kill-run.ts';

const KILLS = 30;
const LIMIT = 150_000;

async function survives(name: string, store: string): Promise<void> {
  const seed = Number(process.env['KILL_SEED'] ?? randomInt(1, 1_000_000));
  const ledger = await killRun({ store, kills: KILLS, seed });
  const { totals, faults } = ledger;
  const figures = Object.entries(totals).map(([what, count]) => `${what} ${count}`);
  console.log(`kill -9 under load on ${name}: ${figures.join(', ')} (KILL_SEED=${seed})`);
  expect(faults, `KILL_SEED=${seed}`).toEqual([]);
  expect(totals).toMatchObject({ lost: 0, kills: KILLS, unanswered: 0 });
  expect(totals.acknowledged).toBeGreaterThan(500);

  // The store's own books agree: nothing waits any more, and nothing ended in any other way.
  const books = await openStore(store);
  try {
    expect(await books.ledger()).toMatchObject({ waiting: 0, expired: 0, dead: 0, erased: 0 });
  } finally {
    await books.close();
  }
}

// Side by side: each run waits most of its time.
describe.concurrent('what got a 2xx is delivered, in order and once per kill at most twice', () => {
  test('when the app is killed 30 times on SQLite', { timeout: LIMIT }, async () => {
    const folder = temporaryFolder('silo-kill');
    try {
      await survives('SQLite', `sqlite:${join(folder.path, 'silo.db')}`);
    } finally {
      folder.remove();
    }
  });

  describe('with MariaDB', needing(mariadbMissing()), () => {
    test('when the app is killed 30 times on MariaDB', { timeout: LIMIT }, async () => {
      const database = await (await sharedMariaDb()).createDatabase();
      try {
        await survives('MariaDB', database.url);
      } finally {
        await database.drop();
      }
    });
  });
});
