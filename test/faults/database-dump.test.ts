/** The database fails while a box is being sent: all of it arrives, in order; what was in flight may come twice (P3). */
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { realTime } from '../support/real-time.ts';
import { nothingMore } from '../support/sentinel.ts';
import { until } from '../support/until.ts';
import { startHarmed, type HarmedDatabase } from './database.ts';

const COUNT = 60;

interface Fault {
  readonly begin: (db: HarmedDatabase) => unknown;
  readonly seconds: number;
  readonly end: (db: HarmedDatabase) => unknown;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9, back after 3 s': {
    begin: (db) => {
      db.mariadb.kill('SIGKILL');
      return db.mariadb.down();
    },
    seconds: 3,
    end: (db) => db.mariadb.start(),
  },
  'frozen for 9 s': {
    begin: (db) => db.mariadb.kill('SIGSTOP'),
    seconds: 9,
    end: (db) => db.mariadb.kill('SIGCONT'),
  },
  'read-only for 3 s': {
    begin: (db) => db.sql('set global read_only = 1'),
    seconds: 3,
    end: (db) => db.sql('set global read_only = 0'),
  },
};

// Side by side, each on a server of its own: they wait most of their time.
describe.concurrent('a database that fails in the middle of a dump', needing(mariadbMissing()), () => {
  test.each(Object.entries(FAULTS))('%s', { timeout: 120_000 }, async (_, { begin, seconds, end }) => {
    const db = await startHarmed();
    const app = await startApp({ SILO_STORE: db.url });
    const alice = await Phone.start('alice', { server: app.server });
    let over: Promise<unknown> | undefined;
    const bob = await Phone.start('bob', {
      server: app.server,
      react: async (_request, nth) => {
        // While this message is in flight.
        if (nth === COUNT / 3 && over === undefined) {
          await begin(db);
          over = realTime(seconds * 1000, 'outages').then(() => end(db));
        }
        return 200;
      },
    });
    try {
      const texts = Array.from({ length: COUNT }, (_text, i) => `number ${i}`);
      for (const text of texts) expect((await alice.message('bob', text)).status).toBe(202);
      await bob.register({ expires: 600 });
      await bob.received(COUNT / 3);
      const ids = () => new Map(bob.messages.map((message) => [message.text, message.header('Call-ID')]));
      await until(() => ids().size === COUNT, 60_000);
      await over;
      await nothingMore(bob);
      // In order of acceptance, and whatever came a second time has the Call-ID of the first.
      expect([...ids().keys()]).toEqual(texts);
      expect(new Set(bob.messages.map((message) => message.header('Call-ID'))).size).toBe(COUNT);
      expect(bob.messages.length - COUNT).toBeLessThanOrEqual(1);
      // The row of the last one goes after its answer has come.
      const rows = () => db.sql(`select count(*) as n from ${db.name}.silo where box = '${bob.aor}'`);
      await until(async () => expect(await rows()).toEqual([{ n: 0 }]));
    } finally {
      alice.close();
      bob.close();
      await over;
      await app.process.stop();
      await db.close();
    }
  });
});
