/** The database server ends, crashes or hangs, and comes back; the store is opened once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { realTime } from '../support/real-time.ts';
import { until } from '../support/until.ts';
import { startHarmed, through, type HarmedDatabase } from './database.ts';

describe('a database that goes away and comes back', needing(mariadbMissing()), () => {
  let db: HarmedDatabase;
  beforeAll(async () => {
    db = await startHarmed();
  });
  afterAll(() => db.close());

  test('an orderly restart: nothing acknowledged is lost, and work goes on by itself', async () => {
    await through('restart', db.store, async () => {
      db.mariadb.kill('SIGTERM');
      await db.mariadb.start();
    });
  });

  test('kill -9, and away for a while: refused within seconds, then back', async () => {
    const { report } = await through('kill -9, away for a while', db.store, async (senders) => {
      db.mariadb.kill('SIGKILL');
      await db.mariadb.down();
      for (let times = 0; times < 3; times++) await senders.refusal();
      await db.mariadb.start();
    });
    expect(report.refusals).toBeGreaterThan(0);
  });

  test('frozen for 9 s: every answer comes within seconds, and it is back when the server is', async () => {
    const { report } = await through('frozen for 9 s', db.store, async () => {
      db.mariadb.kill('SIGSTOP');
      await realTime(9_000, 'outages');
      db.mariadb.kill('SIGCONT');
    });
    expect(report.refusals).toBeGreaterThan(0);
  });

  test('frozen for less than a query may take: it is waited for, nobody is refused', async () => {
    const { report } = await through('frozen for 1.2 s', db.store, async () => {
      db.mariadb.kill('SIGSTOP');
      await realTime(1_200, 'outages');
      db.mariadb.kill('SIGCONT');
    });
    expect(report.refusals).toBe(0);
  });

  test('while it is away ping() rejects at once, and so does everything else', async () => {
    db.mariadb.kill('SIGKILL');
    await db.mariadb.down();
    await expect(db.store.ping()).rejects.toMatchObject({ code: 'SILO_STORE_UNAVAILABLE', status: 503 });
    const asked = performance.now();
    await expect(db.store.lastId()).rejects.toMatchObject({ code: 'SILO_STORE_UNAVAILABLE' });
    await expect(db.store.claim('bob@example.org', 'n', 30)).rejects.toMatchObject({ retryAfter: 10 });
    await expect(db.store.warnings()).rejects.toMatchObject({ code: 'SILO_STORE_UNAVAILABLE' });
    // No query is waited for that long: they know that it is away.
    expect(performance.now() - asked).toBeLessThan(3_000);
    await db.mariadb.start();
    await until(() => db.store.ping());
  });

  test('connections that an administrator kills are replaced without a word', async () => {
    const { report } = await through('connections killed', db.store, async (senders) => {
      for (let i = 0; i < 3; i++) {
        await db.sql(`kill user silo@'127.0.0.1'`).catch(() => undefined);
        await senders.more(20);
      }
    });
    expect(report.refusals).toBe(0);
  });
});
