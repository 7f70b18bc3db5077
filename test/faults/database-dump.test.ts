/** The database fails while a box is being sent: all of it arrives, in order; what was in flight may come twice (P3). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { startHarmed, type HarmedDatabase } from './database.ts';

const COUNT = 60;

describe('a database that fails in the middle of a dump', needing(mariadbMissing()), () => {
  let db: HarmedDatabase;
  let app: RunningApp;
  beforeAll(async () => {
    db = await startHarmed();
    app = await startApp({ SILO_STORE: db.url });
  });
  afterAll(async () => {
    await app.process.stop();
    await db.close();
  });

  async function dump(name: string, fault: () => Promise<void>): Promise<void> {
    const alice = await Phone.start('alice', { server: app.server });
    const bob = await Phone.start(name, {
      server: app.server,
      react: async () => {
        await sleep(20);
        return 200;
      },
    });
    const texts = Array.from({ length: COUNT }, (_, i) => `number ${i}`);
    for (const text of texts) expect((await alice.message(name, text)).status).toBe(202);
    await bob.register({ expires: 600 });
    await bob.received(COUNT / 3);
    await fault();
    const ids = () =>
      new Map(bob.messages.map((message) => [message.body.toString(), message.header('Call-ID')]));
    await expect.poll(() => ids().size, { timeout: 20_000 }).toBe(COUNT);
    await bob.quiet(500);
    // In order of acceptance, and whatever came a second time has the Call-ID of the first.
    expect([...ids().keys()]).toEqual(texts);
    expect(new Set(bob.messages.map((message) => message.header('Call-ID'))).size).toBe(COUNT);
    expect(bob.messages.length - COUNT).toBeLessThanOrEqual(1);
    expect(
      await db.sql(`select count(*) as n from ${db.name}.silo where box = '${name}@example.org'`),
    ).toEqual([{ n: 0 }]);
    alice.close();
    bob.close();
  }

  test('kill -9, back after 3 s', { timeout: 60_000 }, () =>
    dump('bob', async () => {
      db.mariadb.kill('SIGKILL');
      await db.mariadb.down();
      await sleep(3_000);
      await db.mariadb.start();
    }),
  );

  test('frozen for 9 s', { timeout: 60_000 }, () =>
    dump('carol', async () => {
      db.mariadb.kill('SIGSTOP');
      await sleep(9_000);
      db.mariadb.kill('SIGCONT');
    }),
  );

  test('read-only for 3 s', { timeout: 60_000 }, () =>
    dump('dave', async () => {
      await db.sql('set global read_only = 1');
      await sleep(3_000);
      await db.sql('set global read_only = 0');
    }),
  );
});
