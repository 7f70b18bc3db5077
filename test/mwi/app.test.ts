/** The lamps of the application as a user runs it: killed, stopped, and two of them on one database. */
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Fleet } from '../support/fleet.ts';
import { LampPhone, stateOf, voice } from '../support/lamp-phone.ts';
import { until } from '../support/until.ts';

const apps: RunningApp[] = [];
const ends: (() => unknown)[] = [];
afterEach(async () => {
  // While the phones still answer their last NOTIFY.
  await Promise.all(apps.splice(0).map(({ process }) => process.stop()));
  for (const end of ends.splice(0)) await end();
});

async function app(env: Readonly<Record<string, string>>, port?: number): Promise<RunningApp> {
  const running = await startApp(env, port);
  apps.push(running);
  return running;
}
async function lampPhone(name: string, { server }: RunningApp): Promise<LampPhone> {
  const phone = await LampPhone.start(name, { server });
  ends.push(() => phone.close());
  return phone;
}
async function phone(name: string, { server }: RunningApp): Promise<Phone> {
  const started = await Phone.start(name, { server });
  ends.push(() => started.close());
  return started;
}
function folder(): string {
  const made = temporaryFolder('silo-lamps');
  ends.push(() => made.remove());
  return made.path;
}

test('a stored message lights the lamp, its delivery puts it out', async () => {
  const running = await app({});
  const [lamp, alice] = [await lampPhone('bob', running), await phone('alice', running)];
  await lamp.subscribe();
  expect((await alice.message('bob', 'hello')).status).toBe(202);
  await lamp.sees((notify) => notify.body.includes('Messages-Waiting: yes\r\nPager-Message: 1/0'));
  const bob = await phone('bob', running);
  await bob.register({ expires: 60 });
  await bob.received(1);
  await until(() => lamp.texts.at(-1) === 'Messages-Waiting: no\r\n');
});

test('OPTIONS says which methods and packages are served', async () => {
  const alice = await phone('alice', await app({}));
  const answer = await alice.request('OPTIONS', 'sip:example.org', 'example.org', {});
  expect(answer.header('Allow')).toContain('SUBSCRIBE, PUBLISH');
  expect(answer.header('Allow-Events')).toBe('message-summary');
});

test('killed with 500 subscriptions, all lamps are right again after the restart', async () => {
  const env = { SILO_STORE: `sqlite:${join(folder(), 'silo.db')}` };
  const first = await app(env);
  const fleet = await Fleet.start(500, first);
  ends.push(() => fleet.close());
  await fleet.subscribe();
  await fleet.publish(
    [...fleet.members.keys()].map((user, i) => [user, voice(i % 5, i)] as const),
    'voicemail',
  );
  await fleet.all(({ notifies }) => notifies.at(-1)!.body.includes('Voice-Message'));
  const before = new Map([...fleet.members.values()].map(({ user, callId }) => [user, callId]));
  first.process.kill('SIGKILL');
  await first.process.exited;
  const alice = await phone('alice', first);
  await app(env, first.server.port);
  // And a change right after the restart, before all are back.
  expect((await alice.message('u499', 'hello')).status).toBe(202);
  await fleet.all(({ user, notifies }) => {
    const i = Number(user.slice(1));
    const last = notifies.at(-1)!;
    const text = last.body.toString();
    const pager = i === 499 ? 'Pager-Message: 1/0 (0/0)\r\n' : '';
    return (
      last.header('Call-ID') !== before.get(user) &&
      stateOf(last).startsWith('active') &&
      text.endsWith(`Voice-Message: ${i % 5}/${i} (0/0)\r\n${pager}`)
    );
  });
  const farewells = [...fleet.members.values()].flatMap(
    ({ notifies }) => notifies.find((notify) => stateOf(notify) === 'terminated;reason=deactivated') ?? [],
  );
  expect(farewells).toHaveLength(500);
  // Spread: they all come back.
  const times = farewells.map(({ at }) => at);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2_000);
  expect(fleet.pace().fallen).toBe(0);
}, 60_000);

test('stopped with SIGTERM, it sends its phones away, and a publication is there after the restart', async () => {
  const env = { SILO_STORE: `sqlite:${join(folder(), 'silo.db')}`, SILO_MWI_SPREAD: '0' };
  const first = await app(env);
  const lamp = await lampPhone('bob', first);
  await lamp.publish('bob@example.org', voice(3));
  await lamp.subscribe();
  await lamp.notified(1);
  expect((await first.process.stop()).code).toBe(0);
  expect(stateOf(lamp.notifies[1]!)).toBe('terminated;reason=deactivated');
  await app(env, first.server.port);
  await lamp.subscribe();
  await lamp.notified(3);
  expect(lamp.texts[2]).toContain('Voice-Message: 3/0');
  // The old subscription has been said good-bye to, and is not said so again: the next NOTIFY tells of the next change.
  await lamp.publish('bob@example.org', voice(4));
  await lamp.sees(({ text }) => text.includes('Voice-Message: 4/0'));
  expect(lamp.notifies).toHaveLength(4);
});

test('an option that cannot be read is named', async () => {
  await expect(app({ SILO_MWI_COMPOSE: 'average' })).rejects.toThrow('SILO_MWI_COMPOSE');
  await expect(app({ SILO_MWI_PUBLISHERS: 'nowhere' })).rejects.toThrow('"nowhere" is no network');
});

describe('two nodes on one MariaDB', needing(mariadbMissing()), () => {
  async function nodes(): Promise<readonly [RunningApp, RunningApp]> {
    const database = await (await sharedMariaDb()).createDatabase();
    ends.push(() => database.drop());
    const env = (node: string) => ({ SILO_STORE: database.url, SILO_NODE: node });
    return [await app(env('one')), await app(env('two'))];
  }

  test('a PUBLISH on one, and a message stored and delivered there, reach a watcher of the other within 2 s', async () => {
    const [one, two] = await nodes();
    const lamp = await lampPhone('bob', two);
    const voicemail = await lampPhone('voicemail', one);
    const alice = await phone('alice', one);
    await lamp.subscribe();
    await lamp.notified(1);
    await voicemail.publish('bob@example.org', voice(2));
    await lamp.sees((notify) => notify.body.includes('Voice-Message: 2/0'));
    await alice.message('bob', 'hello');
    await lamp.sees((notify) => notify.body.includes('Pager-Message: 1/0'));
    const bob = await phone('bob', one);
    await bob.register({ expires: 60 });
    await bob.received(1);
    await until(() => !lamp.texts.at(-1)!.includes('Pager-Message'));
  });

  test('a publication made on one is refreshed, modified and removed on the other', async () => {
    const [one, two] = await nodes();
    const [here, there] = [await lampPhone('voicemail', one), await lampPhone('voicemail', two)];
    const lamp = await lampPhone('bob', one);
    await lamp.subscribe();
    const made = await here.publish('bob@example.org', voice(1));
    const refreshed = await there.publish('bob@example.org', undefined, {
      'SIP-If-Match': made.header('SIP-ETag'),
    });
    expect(refreshed.status).toBe(200);
    const removed = await there.publish('bob@example.org', undefined, {
      'SIP-If-Match': refreshed.header('SIP-ETag'),
      Expires: '0',
    });
    expect(removed.status).toBe(200);
    await until(() => lamp.texts.at(-1) === 'Messages-Waiting: no\r\n');
    const late = await here.publish('bob@example.org', undefined, {
      'SIP-If-Match': refreshed.header('SIP-ETag'),
    });
    expect(late.status).toBe(412);
  });

  test('a phone that subscribes anew on the other node leaves the first one', async () => {
    const [one, two] = await nodes();
    const Contact = (lamp: LampPhone) => `${lamp.phone.contact};+sip.instance="<urn:uuid:7>"`;
    const before = await lampPhone('bob', one);
    await before.subscribe({ Contact: Contact(before) });
    await before.notified(1);
    const after = await lampPhone('bob', two);
    await after.subscribe({ Contact: Contact(after) });
    const last = await before.sees((notify) => stateOf(notify).startsWith('terminated'));
    expect(stateOf(last)).toBe('terminated;reason=noresource');
  });
});
