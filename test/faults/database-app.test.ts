/** The whole application while its database is harmed: every sender has one answer in time, 202 only for what is stored. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { realTime } from '../support/real-time.ts';
import { caughtUp } from '../support/sentinel.ts';
import type { Sip } from '../support/sip/message.ts';
import { turns, until } from '../support/until.ts';
import { Crowd, startHarmed, type HarmedDatabase } from './database.ts';
import { startProxy, type Proxy } from './proxy.ts';

/** A database that is back within so many ms is not missed. */
const PATIENCE = 3_000;

describe('the application on a database that fails', needing(mariadbMissing()), () => {
  let db: HarmedDatabase;
  let proxy: Proxy;
  let app: RunningApp;
  let alice: Phone;
  let serial = 0;
  beforeAll(async () => {
    db = await startHarmed({ args: ['--max-connections=40'] });
    proxy = await startProxy(db.mariadb.port);
    // One sender without a pause meets the limits.
    const SILO_STORE = db.url.replace(`:${db.mariadb.port}/`, `:${proxy.port}/`);
    app = await startApp({ SILO_STORE, SILO_LIMITS: 'no' });
  });
  afterAll(async () => {
    // A stop may wait for what is under way, longer than a busy machine leaves it in five seconds.
    const exit = await app.process.stop(20_000);
    proxy.close();
    await db.close();
    // No unhandled error has ended it, and it stopped as it was told. It has said what happened, and nothing else.
    expect(exit).toMatchObject({ code: 0 });
    const said = app.process.stderr.trim().split('\n');
    expect(said.filter((line) => !/^\S+Z (warn|error) [\w:]+: /.test(line))).toEqual([]);
    expect(said.join()).not.toContain('plain');
  });
  beforeEach(async () => {
    alice = await Phone.start(`alice${++serial}`, { server: app.server });
  });
  afterEach(() => alice.close());

  interface Sent {
    readonly answers: readonly Sip[];
    readonly slowest: number;
    readonly acknowledged: readonly string[];
  }

  /** Sends one message after the other until told to stop; what was refused is not repeated. */
  function sending(to: string): { stop: () => Promise<Sent>; more: (count: number) => Promise<void> } {
    const order = { stop: false };
    const answers: Sip[] = [];
    const acknowledged: string[] = [];
    let slowest = 0;
    const work = (async () => {
      for (let i = 1; !order.stop; i++) {
        const asked = performance.now();
        const answer = await alice.message(to, `number ${i}`);
        slowest = Math.max(slowest, performance.now() - asked);
        answers.push(answer);
        if (answer.status === 202) acknowledged.push(`number ${i}`);
        await turns();
      }
    })();
    return {
      more: async (count) => {
        const before = answers.length;
        await until(() => answers.length >= before + count);
      },
      stop: async () => {
        order.stop = true;
        await work;
        return { answers, slowest, acknowledged };
      },
    };
  }

  async function through(
    refusing: boolean,
    fault: (more: (count: number) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const to = `bob${serial}`;
    const { stop, more } = sending(to);
    await more(5);
    const begun = performance.now();
    await fault(more);
    const away = performance.now() - begun;
    await until(async () => expect((await alice.message('nobody', 'are you back?')).status).toBe(202));
    const { answers, slowest, acknowledged } = await stop();
    const refused = answers.filter(({ status }) => status !== 202);
    const how = new Set(refused.map((answer) => [answer.status, answer.header('Retry-After')].join()));
    // On a machine with much other work a restart takes longer than a sender is kept waiting.
    if (refusing || away < PATIENCE) expect(how).toEqual(new Set(refusing ? ['503,10'] : []));
    else expect([[], ['503,10']]).toContainEqual([...how]);
    expect(slowest).toBeLessThan(16_000);

    const bob = await Phone.start(to, { server: app.server });
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    await bob.received(acknowledged.length);
    // One that was refused may be there as well: its COMMIT may have happened. But nothing is missing, doubled or moved.
    await caughtUp(bob);
    expect(new Set(bob.texts).size).toBe(bob.texts.length);
    expect(bob.texts.filter((text) => acknowledged.includes(text))).toEqual(acknowledged);
    bob.close();
  }

  test('a restart', () =>
    through(false, async () => {
      db.mariadb.kill('SIGTERM');
      await db.mariadb.start();
    }));

  test('kill -9, and away for 3 s', () =>
    through(true, async () => {
      db.mariadb.kill('SIGKILL');
      await db.mariadb.down();
      await realTime(3_000, 'outages');
      await db.mariadb.start();
    }));

  test(
    'frozen for 9 s',
    () =>
      through(true, async () => {
        db.mariadb.kill('SIGSTOP');
        await realTime(9_000, 'outages');
        db.mariadb.kill('SIGCONT');
      }),
    40_000,
  );

  test('read-only for 4 s', () =>
    through(true, async () => {
      await db.sql('set global read_only = 1');
      await realTime(4_000, 'outages');
      await db.sql('set global read_only = 0');
    }));

  test('no connection left for 4 s', () =>
    through(true, async () => {
      const crowd = new Crowd(db);
      await db.sql(`create or replace user crowd@'127.0.0.1' identified by 'plain'`);
      await db.sql('set global max_connections = 10');
      try {
        await crowd.fillAll();
        await realTime(4_000, 'outages');
      } finally {
        await crowd.leave();
      }
    }));

  test('connections cut in the middle of COMMIT', () =>
    through(false, async (more) => {
      for (let i = 0; i < 10; i++) {
        proxy.harm(i % 2 ? 'before' : 'after');
        await more(2);
      }
    }));

  test('REGISTER while the database is away: 503 with Retry-After; when it is back the next one is taken', async () => {
    const bob = await Phone.start('bob', { server: app.server });
    db.mariadb.kill('SIGKILL');
    await db.mariadb.down();
    const answer = await bob.register({ expires: 600 });
    expect([answer.status, answer.header('Retry-After')]).toEqual([503, '10']);
    await db.mariadb.start();
    await until(async () => expect((await bob.register({ expires: 600 })).status).toBe(200));
    expect((await alice.message('bob', 'hello')).status).toBe(200);
    bob.close();
  });
});
