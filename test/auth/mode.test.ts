import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ha1Of } from '../../lib/auth/digest/algorithms.ts';
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import { request, Sip } from '../support/sip/message.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import type { TestNodeOptions } from '../support/node.ts';
import {
  asking,
  challengeOf,
  credentials,
  isStale,
  login,
  paramOf,
  PASSWORD,
  type Asking,
} from './asking.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
});

async function open(options: TestNodeOptions, users?: Parameters<typeof asking>[1]): Promise<Asking> {
  const scene = await asking(options, users);
  ends.push(() => scene.close());
  return scene;
}

test('without users nobody is asked, until there is the first one', async () => {
  const scene = await open({ auth: {} }, []);
  const phone = await scene.phone('bob');
  expect((await phone.register()).status).toBe(200);
  await scene.node.store.putSubscriber(subscriberOf('bob@example.org', PASSWORD));
  await until(async () => expect((await phone.register()).status).toBe(401));
  phone.login = login('bob', PASSWORD);
  expect((await phone.register()).status).toBe(200);
});

test('SILO_AUTH=on asks although there is no user, off asks nobody although there are', async () => {
  const on = await open({ auth: { mode: 'on' } }, []);
  expect((await (await on.phone('bob')).register()).status).toBe(401);
  await on.close();
  ends.length = 0;
  const off = await open({ auth: { mode: 'off' } });
  expect((await (await off.phone('bob')).register()).status).toBe(200);
});

test('a realm of its own is that of all challenges, and what the users prove themselves for', async () => {
  const scene = await open({ auth: { mode: 'on', realm: 'Our House' } }, [
    subscriberOf('bob@example.org', PASSWORD, 'Our House'),
  ]);
  const bob = await scene.owner('bob');
  expect((await bob.register()).status).toBe(200);
  bob.login = undefined;
  expect(paramOf(challengeOf(await (await scene.phone('carol')).register()), 'realm')).toBe('Our House');
});

test('where domains are served, who writes in the name of another one is asked for a user of the first', async () => {
  const scene = await open({ auth: { mode: 'on', domains: ['example.org', 'example.com'] } });
  const realmFor = async (domain: string) =>
    paramOf(challengeOf(await (await scene.phone('bob', { domain })).register()), 'realm');
  expect(await realmFor('example.com')).toBe('example.com');
  expect(await realmFor('example.net')).toBe('example.org');
});

test('algorithms are offered as they were chosen, and no other is taken', async () => {
  const scene = await open({ auth: { mode: 'on', algorithms: ['MD5'] } });
  const bob = await scene.phone('bob');
  const asked = await bob.register();
  expect(asked.all('WWW-Authenticate')).toHaveLength(1);
  const headers = credentials(challengeOf(asked, 'MD5').replace('algorithm=MD5', 'algorithm=SHA-256'));
  expect((await bob.register({ headers })).status).toBe(401);
  expect((await (await scene.owner('bob')).register()).status).toBe(200);
});

test('users of a file, and of a function of the host app', async () => {
  const folder = temporaryFolder('silo-users');
  ends.push(() => folder.remove());
  const path = join(folder.path, 'users');
  writeFileSync(path, `bob:example.org:${ha1Of('MD5', 'bob', 'example.org', PASSWORD)}\n`);
  const filed = await open({ auth: { users: `file:${path}` } }, []);
  expect((await (await filed.phone('carol')).register()).status).toBe(401);
  expect((await (await filed.owner('bob')).register()).status).toBe(200);
  await filed.close();
  ends.pop();

  const users = (username: string, domain: string) =>
    Promise.resolve(username === 'carol' && domain === 'example.org' ? { password: PASSWORD } : undefined);
  const asked = await open({ auth: { users } }, []);
  expect((await (await asked.owner('bob')).register()).status).toBe(401);
  expect((await (await asked.owner('carol')).register()).status).toBe(200);
});

test('a user is looked up once and not for each request, however many come at once; nobody is, either', async () => {
  const scene = await open({ silo: { tailTime: 1_000 } });
  const lookups = () => scene.node.calls.get('subscriber') ?? 0;
  const bob = await scene.owner('bob');
  await bob.register();
  expect(lookups()).toBe(1);
  const before = new Map(scene.node.calls);
  await Promise.all(Array.from({ length: 20 }, () => bob.message('alice', 'hello')));
  for (let time = 0; time < 20; time++) await bob.register();
  expect(lookups()).toBe(1);
  expect(scene.node.calls.get('nonceKeys')).toBe(before.get('nonceKeys'));
  const stranger = await scene.phone('bob');
  const challenges = await Promise.all(Array.from({ length: 10 }, () => stranger.register()));
  await Promise.all(
    challenges.map((answer) =>
      stranger.register({ headers: credentials(challengeOf(answer), { username: 'nobody' }) }),
    ),
  );
  expect(lookups()).toBe(2);
  scene.time += 60;
  await bob.register();
  expect(lookups()).toBe(3);
});

test('a challenge is good at the address only that it was sent to: a phone that moved is asked anew', async () => {
  const scene = await open({});
  const challenge = challengeOf(await (await scene.phone('bob')).register());
  const socket = createSocket('udp4');
  ends.push(() => socket.close());
  socket.bind(0, '127.0.0.2');
  await once(socket, 'listening');
  const register = async (headers: { Authorization: string }): Promise<Sip> => {
    const self = { host: '127.0.0.2', port: socket.address().port, transport: 'UDP' };
    const bob = '<sip:bob@example.org>';
    const lines = [`Authorization: ${headers.Authorization}`];
    const bytes = request(self, 'REGISTER', {
      uri: 'sip:example.org',
      from: `${bob};tag=1`,
      to: bob,
      headers: lines,
    });
    const answer = once(socket, 'message') as Promise<[Buffer]>;
    socket.send(bytes, scene.node.server.port, scene.node.server.host);
    return new Sip((await answer)[0]);
  };
  const moved = await register(credentials(challenge));
  expect(isStale(moved)).toBe(true);
  expect((await register(credentials(challengeOf(moved)))).status).toBe(200);
});
