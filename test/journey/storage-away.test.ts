/** Storage fails: nobody is told a false success, and the app recovers by itself. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import type { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';
import { nothingMore } from '../support/sentinel.ts';
import { until } from '../support/until.ts';
import { numbered, phonesOf, sendAll } from './journey.ts';

describe('with a MariaDB that goes away', needing(mariadbMissing()), () => {
  let server: TestMariaDb;
  let app: RunningApp;
  const world = phonesOf(() => app);
  beforeAll(async () => {
    server = await startMariaDb();
  });
  beforeEach(async () => {
    app = await startApp({ SILO_STORE: (await server.createDatabase()).url });
  });
  afterEach(async () => {
    expect(await app.process.stop(12_000)).toEqual({ code: 0, signal: null });
    world.close();
  });
  afterAll(() => server.stop());

  async function crash(): Promise<void> {
    server.kill('SIGKILL');
    await server.down();
  }

  function expectUnavailable(answer: Sip): void {
    expect(answer.status).toBe(503);
    expect(answer.header('Retry-After')).toMatch(/^[1-9]\d{0,2}$/);
  }

  /** Sends until it is accepted; the app finds the database again by itself. */
  async function accepted(from: Phone, to: Phone, text: string): Promise<void> {
    const same = { callId: `${text}@${from.name}`, cseq: 1, tag: from.name };
    await until(async () => expect((await from.message(to.name, text, same)).status).toBe(202));
  }

  test('a message is answered with 503 and Retry-After at once, and with 202 again when it is back', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    await sendAll(alice, bob, ['before']);
    await crash();
    const asked = performance.now();
    for (const text of numbered(3)) expectUnavailable(await alice.message(bob.name, text));
    expectUnavailable(await bob.register());
    expect(performance.now() - asked).toBeLessThan(15_000);
    await server.start();
    await accepted(alice, bob, 'after');
    expect((await bob.register()).status).toBe(200);
    await bob.received(2);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['before', 'after']);
  });

  test('it dies in mid-dump: what is left arrives when it is back, at most one message twice', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', {
      react: async (_, nth) => {
        if (nth === 5) await crash();
        return 200;
      },
    });
    await sendAll(alice, bob, numbered(10));
    await bob.register();
    await bob.received(5);
    await server.start();
    await bob.register();
    while (!bob.texts.includes('message 10')) await bob.received(bob.messages.length + 1);
    expect([...new Set(bob.texts)]).toEqual(numbered(10));
    expect(bob.messages.length).toBeLessThanOrEqual(11);
  });

  test('it hangs: senders get their 503 within seconds, and a repeat after that is stored once', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    await sendAll(alice, bob, ['before']);
    server.kill('SIGSTOP');
    const same = { callId: `hang@${alice.name}`, cseq: 1, tag: 'hang' };
    try {
      expectUnavailable(await alice.message(bob.name, 'during', same));
    } finally {
      server.kill('SIGCONT');
    }
    await accepted(alice, bob, 'after');
    expect((await alice.message(bob.name, 'during', same)).status).toBe(202);
    await bob.register();
    await bob.received(3);
    await nothingMore(bob);
    expect([...bob.texts].sort()).toEqual(['after', 'before', 'during']);
  });
});
