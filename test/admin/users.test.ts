/** Users by HTTP: the same as by command, and a password that nobody sees. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tagOf } from '../../lib/base/sha256.ts';
import { isOverheard, type Env } from '../../lib/admin/http/types.ts';
import { createAdmin } from '../../lib/admin/admin.ts';
import { createAuth } from '../../lib/auth/auth.ts';
import { onLog } from '../../lib/base/log.ts';
import { login } from '../support/digest-answer.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

const BOB = 'bob@example.org';
let scene: Scene;
let logged: string[];
let stopLog: () => void;
beforeEach(async () => {
  logged = [];
  stopLog = onLog((_level, room, text, fields) => logged.push(`${room} ${text} ${JSON.stringify(fields)}`));
  scene = await aScene({ auth: { cacheTime: 0 } });
});
afterEach(async () => {
  stopLog();
  await scene.close();
});

type Body = Readonly<Record<string, unknown>>;

async function ask(method: string, path: string, body?: Body, more: Record<string, string> = {}) {
  const { admin } = scene.node;
  const answer = await admin.fetch(
    new Request(`http://localhost/api/users${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${admin.token}`,
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...more,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );
  return { status: answer.status, body: (await answer.json()) as Body };
}

describe('users by HTTP', () => {
  test('who is added logs in, with another password after it was changed, and not once removed', async () => {
    expect(await ask('POST', `/${BOB}`, { password: 'zanzibar' })).toEqual({
      status: 201,
      body: { user: BOB },
    });
    const bob = await scene.phone('bob', { login: login('bob', 'zanzibar') });
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    expect(await ask('PUT', `/${BOB}/password`, { password: 'sesame' })).toMatchObject({ status: 200 });
    await until(async () => expect((await bob.register({ expires: 600 })).status).toBe(401));
    bob.login = login('bob', 'sesame');
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    expect(await ask('DELETE', `/${BOB}`)).toEqual({ status: 200, body: { user: BOB } });
    await until(async () => expect((await bob.register({ expires: 600 })).status).toBe(401));
  });

  test('they are listed by name in pages, with what they can prove and nothing of the secrets', async () => {
    for (const name of ['carol', 'alice', 'bob'])
      await ask('POST', `/${name}@example.org`, { password: 'zanzibar' });
    const first = await ask('GET', '?limit=2');
    expect(first.body['users']).toEqual([
      { user: 'alice@example.org', proves: ['SHA-256', 'MD5'] },
      { user: BOB, proves: ['SHA-256', 'MD5'] },
    ]);
    const second = await ask('GET', `?limit=2&cursor=${String(first.body['next'])}`);
    expect(second.body).toEqual({ users: [{ user: 'carol@example.org', proves: ['SHA-256', 'MD5'] }] });
    expect((await ask('GET', '?cursor=x')).status).toBe(400);
  });

  test('a password is in no line of the log and in no answer; that there was a change is, without the address', async () => {
    const said = [
      await ask('POST', `/${BOB}`, { password: 'zanzibar' }),
      await ask('PUT', `/${BOB}/password`, { password: 'zanzibar' }),
      await ask('POST', `/${BOB}`, { password: 'zanzibar' }),
      await ask('POST', `/carol@example.org`, { password: 'zanzibar\n' }),
      await ask('POST', `/carol@example.org`, { password: ['zanzibar'] }),
      await ask('POST', `/carol@example.org?password=x`, { password: 'zanzibar' }),
      await ask('GET', ''),
    ];
    expect(said.map(({ status }) => status)).toEqual([201, 200, 409, 400, 400, 400, 200]);
    expect(JSON.stringify(said)).not.toContain('zanzibar');
    expect(logged.join('\n')).not.toContain('zanzibar');
    const audit = logged.filter((line) => line.startsWith('audit '));
    expect(audit.map((line) => line.replace(/ \{.*/, '').replace(/ undefined$/, ''))).toEqual(
      [
        [`POST /api/users/{aor}`, BOB, 201],
        [`PUT /api/users/{aor}/password`, BOB, 200],
        [`POST /api/users/{aor}`, BOB, 409],
        ...[1, 2, 3].map(() => [`POST /api/users/{aor}`, 'carol@example.org', 400] as const),
      ].map(
        ([what, who, status]) => `audit token from this process: ${what} #${tagOf(String(who))}: ${status}`,
      ),
    );
  });

  test.each([
    ['POST', `/erin`, { password: 'x' }, 400, 'is no user'],
    ['POST', `/er%0Ain@example.org`, { password: 'x' }, 400, 'is no user'],
    ['POST', `/${'e'.repeat(65)}@example.org`, { password: 'x' }, 400, 'at most 64 characters'],
    ['PUT', `/nobody@example.org/password`, { password: 'x' }, 404, 'There is no user nobody@example.org'],
    ['DELETE', `/nobody@example.org`, undefined, 404, 'There is no user nobody@example.org'],
    ['POST', `/${BOB}`, { password: '' }, 400, 'body.password'],
    ['POST', `/${BOB}`, {}, 400, 'body.password'],
  ])('%s %s %j is refused with %d and a sentence', async (method, path, body, status, words) => {
    expect(await ask(method, path, body)).toMatchObject({
      status,
      body: { detail: expect.stringContaining(words) as string },
    });
  });

  test('where users are elsewhere nothing is changed, and it is said where they are', async () => {
    const { silo, store, port } = scene.node;
    const auth = createAuth({ port, store }, { users: () => undefined });
    const admin = createAdmin({ silo, store, auth }, { token: 'a-token-for-the-tests' });
    const headers = { Authorization: 'Bearer a-token-for-the-tests', 'Content-Type': 'application/json' };
    for (const [method, body] of [
      ['POST', '{"password":"x"}'],
      ['DELETE', undefined],
    ] as const) {
      const asked = new Request(`http://localhost/api/users/${BOB}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      const answer = await admin.fetch(asked);
      expect([answer.status, await answer.text()]).toEqual([
        409,
        expect.stringContaining('a function of this program finds users'),
      ]);
    }
    expect(await store.hasSubscriber()).toBe(false);
    await auth.close();
  });
});

describe('a password over the network', () => {
  test('is refused without TLS, and is taken from a proxy that had it', async () => {
    const plain = { 'X-Forwarded-Proto': 'http' };
    expect(await ask('POST', `/${BOB}`, { password: 'zanzibar' }, plain)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('over TLS') as string },
    });
    expect(await scene.node.store.hasSubscriber()).toBe(false);
    const tls = { 'X-Forwarded-Proto': 'https' };
    expect((await ask('POST', `/${BOB}`, { password: 'zanzibar' }, tls)).status).toBe(201);
    expect((await ask('DELETE', `/${BOB}`, undefined, plain)).status).toBe(200);
  });

  test.each([
    ['127.0.0.1', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['192.0.2.7', true],
    ['2001:db8::7', true],
  ])('what comes from %s could have been read on its way: %s', async (remoteAddress, overheard) => {
    const app = new Hono<Env>().get('/', (context) => context.json(isOverheard(context)));
    const env = { incoming: { socket: { remoteAddress } } } as unknown as HttpBindings;
    expect(await (await app.request('/', {}, env)).json()).toBe(overheard);
  });
});
