import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { realTime } from '../support/real-time.ts';
import { nothingMore } from '../support/sentinel.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { numbered, phonesOf, sendAll, sendNext } from './journey.ts';

let app: RunningApp;
let folder: TemporaryFolder | undefined;
let port = 0;
const world = phonesOf(() => app);

/** The first start makes a new SQLite file and takes a new port, further ones keep both. */
async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  if (folder === undefined) {
    folder = temporaryFolder('silo-journey');
    port = await freePort();
  }
  app = await startApp(
    { SILO_STORE: `sqlite:${join(folder.path, 'silo.db')}`, SILO_LEASE_TIME: '3', ...env },
    port,
  );
}

afterEach(async () => {
  await app.process.stop();
  world.close();
  folder?.remove();
  folder = undefined;
});

test('mail survives a restart and arrives at the next registration', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  await sendAll(alice, bob, numbered(5));
  expect(await app.process.stop()).toEqual({ code: 0, signal: null });
  await start();
  await sendAll(alice, bob, ['after the restart']);
  await bob.register();
  await bob.received(6);
  await nothingMore(bob);
  expect(bob.texts).toEqual([...numbered(5), 'after the restart']);
});

test('bindings survive a restart, and mail of registered people is delivered right after the start', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', { react: () => 480 });
  await bob.register();
  await sendAll(alice, bob, numbered(5));
  expect(await app.process.stop()).toEqual({ code: 0, signal: null });
  bob.react = () => 200;
  const before = bob.messages.length;
  await start();
  await bob.received(before + 5);
  expect(bob.texts.slice(before)).toEqual(numbered(5));
  await sendNext(alice, bob, 'live');
});

test('a repeat of a message from before the restart is still recognised', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  const same = { callId: 'before-and-after', cseq: 3, tag: 'alice' };
  expect((await alice.message(bob.name, 'once', same)).status).toBe(202);
  await app.process.stop();
  await start();
  expect((await alice.message(bob.name, 'once', same)).status).toBe(202);
  await bob.register();
  await bob.received(1);
  await nothingMore(bob);
  expect(bob.texts).toEqual(['once']);
});

test('SIGTERM in mid-dump: the app ends with code 0, and nothing is lost or doubled', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', {
    react: async (_, nth) => {
      if (nth === 10) {
        app.process.kill('SIGTERM');
        // It has heard it: nobody is served any more.
        await until(async () => expect((await alice.register({ contact: '' })).status).toBe(503));
      }
      return 200;
    },
  });
  await sendAll(alice, bob, numbered(40));
  await bob.register();
  await bob.received(10);
  expect(await app.process.exited).toEqual({ code: 0, signal: null });
  expect(bob.texts).toEqual(numbered(10));
  await start();
  await bob.received(40);
  await nothingMore(bob);
  expect(bob.texts).toEqual(numbered(40));
});

test('SIGTERM while a device keeps silent: the app ends with code 0 in under 10 seconds, and the message is kept', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', { react: () => 'silence' });
  await sendAll(alice, bob, ['one', 'two']);
  await bob.register();
  await bob.received(1);
  const asked = performance.now();
  app.process.kill('SIGTERM');
  expect(await app.process.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - asked).toBeLessThan(15_000);
  expect(bob.texts).toEqual(['one']);
  const unanswered = bob.messages[0]?.header('Call-ID');
  bob.react = () => 200;
  await start();
  await bob.received(3);
  expect(bob.texts).toEqual(['one', 'one', 'two']);
  expect(bob.messages[1]?.header('Call-ID')).toBe(unanswered);
});

test('a SIGTERM that comes right after the ready line is heard: the app ends with code 0', async () => {
  for (let again = 0; again < 5; again++) {
    await start();
    expect(await app.process.stop()).toEqual({ code: 0, signal: null });
  }
});

test('a second signal stops at once', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', { react: () => 'silence' });
  await sendAll(alice, bob, ['one']);
  await bob.register();
  await bob.received(1);
  app.process.kill('SIGINT');
  await realTime(700, 'signals');
  app.process.kill('SIGINT');
  // A graceful end, which this one would otherwise come to, has the code 0.
  expect((await app.process.exited).code).toBe(1);
});

test('kill -9 in mid-dump: everything arrives after the next start, at most one message twice', async () => {
  await start();
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', {
    react: async (_, nth) => {
      if (nth === 10) app.process.kill('SIGKILL');
      await new Promise((resolve) => setImmediate(resolve));
      return 200;
    },
  });
  await sendAll(alice, bob, numbered(30));
  await bob.register();
  await app.process.exited;
  await start();
  while (!bob.texts.includes('message 30')) await bob.received(bob.messages.length + 1);
  await nothingMore(bob);
  expect([...new Set(bob.texts)]).toEqual(numbered(30));
  expect(bob.messages.length).toBeLessThanOrEqual(31);
  expect(new Set(bob.messages.map((message) => message.header('Call-ID'))).size).toBe(30);
});
