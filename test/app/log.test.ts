/** The log of the application as an operator reads it: one request is followed by its Call-ID through all rooms. */
import { afterEach, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { Phone } from '../support/phone.ts';
import { until } from '../support/until.ts';

interface Line {
  readonly time: string;
  readonly level: string;
  readonly room: string;
  readonly msg: string;
  readonly node: string;
  readonly box?: string;
  readonly callId?: string;
  readonly sentAs?: string;
  readonly key?: string;
  readonly id?: number;
  readonly status?: number;
  readonly method?: string;
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function app(env: Readonly<Record<string, string>>): Promise<RunningApp> {
  const running = await startApp(env);
  ends.push(() => running.process.stop());
  return running;
}
async function phone(name: string, { server }: RunningApp): Promise<Phone> {
  const started = await Phone.start(name, { server });
  ends.push(() => started.close());
  return started;
}
const linesOf = ({ process }: RunningApp): readonly Line[] =>
  process.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

test('a MESSAGE for somebody who is away is followed by its Call-ID to the device that takes it', async () => {
  const running = await app({ SILO_LOG: 'json', SILO_LOG_LEVEL: 'debug', SILO_NODE: 'one' });
  const [alice, bob] = [await phone('alice', running), await phone('bob', running)];
  const callId = 'follow-me-7';
  expect((await alice.message('bob', 'a secret text', { callId })).status).toBe(202);
  await bob.register();
  const [message] = await bob.received(1);
  const way = () => linesOf(running).filter((line) => line.callId === callId);
  await until(() => expect(way().at(-1)?.msg).toContain('has ended: delivered'));

  expect(way().map(({ room, msg }) => `${room}: ${msg.replace(/\d+\.\d+\.\d+\.\d+:\d+/g, '…')}`)).toEqual([
    'sip:port: MESSAGE sip:bob@example.org of …',
    'silo: bob@example.org: stored',
    'sip:port: MESSAGE is answered with 202',
    'silo:lane: bob@example.org: message 1 to sip:bob@…: 200 Scripted (delivered)',
    'silo:lane: bob@example.org: message 1 has ended: delivered (Scripted)',
  ]);
  const [came, stored, answered, sent, ended] = way();
  expect(came).toMatchObject({ method: 'MESSAGE', level: 'debug', node: 'one' });
  expect(stored).toMatchObject({ box: 'bob@example.org', id: 1, status: 202 });
  expect(answered).toMatchObject({ status: 202 });
  expect(sent).toMatchObject({ sentAs: message?.header('Call-ID'), key: stored?.key, id: 1, status: 200 });
  expect(ended).toMatchObject({ key: stored?.key, status: 200 });
  expect(running.process.stderr, 'bodies are never logged').not.toContain('a secret text');
});

test('a refused MESSAGE is found by its Call-ID with the reason, and a live one with each device', async () => {
  const running = await app({ SILO_LOG: 'json', SILO_LOG_LEVEL: 'debug', SILO_TRUST: '127.0.0.1/32' });
  const [alice, bob] = [await phone('alice', running), await phone('bob', running)];
  const way = (callId: string) => linesOf(running).filter((line) => line.callId === callId);
  expect((await alice.message('bob', 'now', { callId: 'c-1', headers: { Expires: '0' } })).status).toBe(480);
  await until(() => expect(way('c-1').at(-1)).toMatchObject({ room: 'sip:port', status: 480 }));
  expect(way('c-1').find(({ room }) => room === 'silo')?.msg).toContain(
    'not stored: 480 The recipient is not here',
  );
  expect(way('c-1').find(({ room }) => room === 'auth')?.msg).toContain('it is alice@example.org (network)');
  await bob.register();
  expect((await alice.message('bob', 'live', { callId: 'c-2' })).status).toBe(200);
  const [message] = await bob.received(1);
  await until(() => expect(way('c-2').at(-1)).toMatchObject({ room: 'sip:port', status: 200 }));
  expect(way('c-2').find(({ room }) => room === 'silo:live')).toMatchObject({
    sentAs: message?.header('Call-ID'),
    status: 200,
    box: 'bob@example.org',
  });
});

test('without being asked for more the application is silent, and names nobody', async () => {
  const running = await app({ SILO_LOG: 'json' });
  const alice = await phone('alice', running);
  expect((await alice.message('bob', 'hello')).status).toBe(202);
  expect(linesOf(running)).toEqual([]);
});

test('a level that does not exist ends the start with a sentence', async () => {
  await expect(startApp({ SILO_LOG_LEVEL: 'loud' })).rejects.toThrow(
    /SILO_LOG_LEVEL \(found "loud"\): wanted is one of "debug"\|"warn"\|"error"\|"off"/,
  );
});
