/** The server answers, but it will not write: read-only, no connection left. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { until } from '../support/until.ts';
import { Crowd, startHarmed, through, type HarmedDatabase } from './database.ts';

describe('a database that refuses to write', needing(mariadbMissing()), () => {
  let db: HarmedDatabase;
  let crowd: Crowd;
  beforeAll(async () => {
    db = await startHarmed({ args: ['--max-connections=25'] });
    await db.sql(`create user crowd@'127.0.0.1' identified by 'plain'`);
    crowd = new Crowd(db);
  });
  afterAll(() => db.close());
  afterEach(() => crowd.leave());

  test('read-only for a while: refused within seconds, not stuck there, back at once', async () => {
    const { report } = await through('read-only for a while', db.store, async (senders) => {
      await db.sql('set global read_only = 1');
      for (let times = 0; times < 10; times++) await senders.refusal();
      await db.sql('set global read_only = 0');
    });
    expect(report.refusals).toBeGreaterThan(0);
  });

  test('read-only is noticed by ping() alone, since reading would go on', async () => {
    await db.sql('set global read_only = 1');
    await expect(db.store.ping()).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('read-only') as string,
    });
    await db.sql('set global read_only = 0');
    await until(() => db.store.ping());
  });

  test('no connection left for others: those that we have do the work', async () => {
    await db.store.lastId();
    await crowd.fill();
    expect(crowd.size).toBeGreaterThan(5);
    const { report } = await through('too many connections, some are ours', db.store, (senders) =>
      senders.more(100),
    );
    expect(report.refusals).toBe(0);
  });

  test('no connection left at all: refused within seconds, back when one is free', async () => {
    const { report } = await through('too many connections, none is ours', db.store, async (senders) => {
      await crowd.fillAll();
      for (let times = 0; times < 10; times++) await senders.refusal();
      await crowd.leave();
    });
    expect(report.refusals).toBeGreaterThan(0);
  });
});
