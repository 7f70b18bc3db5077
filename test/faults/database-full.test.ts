/** The disk of the database is full for a while. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startHarmed, through, type HarmedDatabase } from './database.ts';
import { mountMissing, mountSmallDisk, type SmallDisk } from './disk.ts';

describe('a disk that is full', needing(mariadbMissing() ?? mountMissing()), () => {
  let disk: SmallDisk;
  let db: HarmedDatabase;
  beforeAll(async () => {
    disk = mountSmallDisk(220);
    db = await startHarmed({ parent: disk.path });
  });
  afterAll(async () => {
    disk.free();
    await db.close();
    disk.remove();
  });

  test('refused with 503, nothing acknowledged is lost, and it goes on when there is space again', async () => {
    const { report } = await through(
      'disk full',
      db.store,
      async (senders) => {
        disk.fill();
        for (let times = 0; times < 3; times++) await senders.refusal();
        disk.free();
      },
      Buffer.alloc(8_000, 'x'),
    );
    expect(report.refusals).toBeGreaterThan(0);
  });
});
