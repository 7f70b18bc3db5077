/** Each file of examples/ as it stands there, against the embedded front end. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { Phone } from '../support/phone.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import type { Address } from '../support/sip/message.ts';
import { nothingMore } from '../support/sentinel.ts';
import { until } from '../support/until.ts';

const FOLDER = 'examples';
const run = new Set<string>();
let front: FrontEnd;
let server: Address;
let app: RunningProcess;
const phones: Phone[] = [];

beforeEach(async () => {
  front = await startFrontEnd({ listen: '127.0.0.1:0', secret: 'a secret' });
  server = { host: '127.0.0.1', port: front.addresses[0]?.port ?? 0 };
});
afterEach(async () => {
  for (const phone of phones.splice(0)) phone.close();
  await app.stop();
  await front.close();
});

async function start(name: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  run.add(name);
  app = await startProcess(process.execPath, [join(FOLDER, name)], {
    env: {
      SILO_STORE: 'sqlite::memory:',
      DRACHTIO_HOST: front.adminHost,
      DRACHTIO_PORT: String(front.adminPort),
      DRACHTIO_SECRET: 'a secret',
      ...env,
    },
  });
  await app.line('ready', { timeoutMs: 30_000 });
}

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, { server });
  phones.push(started);
  return started;
}

async function storesAndDelivers(): Promise<void> {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  // Until drachtio-server has read which methods are wanted it says 503.
  await until(async () => expect((await alice.message('bob', 'one')).status).toBe(202));
  expect((await alice.message('bob', 'two')).status).toBe(202);
  expect((await bob.register({ expires: 600 })).status).toBe(200);
  await bob.received(2);
  expect(bob.texts).toEqual(['one', 'two']);
  await until(async () => expect((await alice.message('bob', 'live')).status).toBe(200));
  bob.react = () => 486;
  expect((await alice.message('bob', 'busy')).status).toBe(202);
  expect(app.stderr).toBe('');
}

describe('the example', { timeout: 60_000 }, () => {
  test.each(['smallest.js', 'commonjs.cjs', 'silo-only.js', 'own-bindings.js', 'own-router.js'])(
    '%s stores for who is away, sends when they register, and delivers live',
    async (name) => {
      await start(name);
      await storesAndDelivers();
      if (name === 'silo-only.js') {
        expect(app.stdout).toContain('stored for bob@example.org\n');
        expect(app.stdout).toContain('delivered for bob@example.org\n');
        expect((await app.stop()).code).toBe(0);
      }
      if (name === 'own-bindings.js') {
        const [alice, bob] = [await phone('alice'), await phone('carol')];
        expect((await bob.register({ expires: 600 })).status).toBe(200);
        await until(async () => expect((await alice.message('carol', 'live')).status).toBe(200));
        expect((await bob.unregister()).status).toBe(200);
        expect((await alice.message('carol', 'later')).status).toBe(202);
      }
    },
  );

  test('own-router.js stores what a device is silent about, and ends the copy when it answers after all', async () => {
    await start('own-router.js', { PATIENCE: '300' });
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await until(async () => expect((await bob.register({ expires: 600 })).status).toBe(200));
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    bob.react = async ({ method }) => {
      if (method === 'MESSAGE') await woken;
      return 200;
    };
    expect((await alice.message('bob', 'once')).status).toBe(202);
    wake();
    // Nothing waits any more: the next one is live.
    await until(async () => expect((await alice.message('bob', 'live')).status).toBe(200));
    await bob.register({ expires: 600 });
    await nothingMore(bob);
    expect(bob.texts.filter((text) => text === 'once')).toEqual(['once']);
    // A status that is for the sender to know is not stored.
    bob.react = () => 603;
    expect((await alice.message('bob', 'declined')).status).toBe(603);
    expect(app.stderr).toBe('');
  });

  test('mwi-only.js lights the lamp that a voicemail server publishes', async () => {
    await start('mwi-only.js');
    const lamp = await LampPhone.start('bob', { server });
    phones.push(lamp.phone);
    await until(async () => expect((await lamp.subscribe()).answer.status).toBe(200));
    await until(() => expect(lamp.notifies.at(-1)?.text).toContain('Messages-Waiting: no'));
    const voicemail = await LampPhone.start('voicemail', { server });
    phones.push(voicemail.phone);
    const body = 'Messages-Waiting: yes\r\nVoice-Message: 2/1\r\n';
    expect((await voicemail.publish('bob@example.org', body)).status).toBe(200);
    await until(() => expect(lamp.notifies.at(-1)?.text).toContain('Voice-Message: 2/1'));
    expect(lamp.notifies.at(-1)?.text).toContain('Message-Account: sip:voicemail@example.org');
  });

  test('own-authorisation.js knows people by its tokens, and lets contractors write to nobody', async () => {
    await start('own-authorisation.js');
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    const carl = await Phone.start('carl', { server, domain: 'contractors.example' });
    phones.push(carl);
    const token = (name: string) => ({ headers: { 'X-Token': `token-of-${name}` } });
    await until(async () => expect((await alice.message('bob', 'hello', token('alice'))).status).toBe(202));
    expect((await alice.message('bob', 'as alice', token('bob'))).status).toBe(403);
    expect((await alice.message('bob', 'no token')).status).toBe(403);
    expect((await carl.message('bob@example.org', 'hello', token('carl'))).status).toBe(403);
    expect((await bob.register({ expires: 600, ...token('alice') })).status).toBe(403);
    expect((await bob.register({ expires: 600, ...token('bob') })).status).toBe(200);
    await bob.received(1);
    expect(bob.texts).toEqual(['hello']);
  });
});

afterAll(() => {
  const files = readdirSync(FOLDER).filter((name) => /\.c?js$/.test(name));
  expect([...run].sort()).toEqual(files.sort());
  const page = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const name of files) expect(page).toContain(`[${name}](${name})`);
});
