/** The page without a browser: who gets in, what another page can't do, and that nothing a stranger sends becomes markup. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tagOf } from '../../../lib/base/sha256.ts';
import { onLog } from '../../../lib/base/log.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { until } from '../../support/until.ts';

const BOB = 'bob@example.org';
const OWN = { 'Sec-Fetch-Site': 'same-origin' };
const TOKEN = 'a-token-for-the-page';

let scene: Scene;
let audited: string[];
let stopLog: () => void;
beforeEach(async () => {
  audited = [];
  stopLog = onLog((_, room, text) => room === 'audit' && audited.push(text));
  scene = await aScene({ admin: { token: TOKEN } });
});
afterEach(async () => {
  stopLog();
  await scene.close();
});

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const request = new Request(`http://localhost${path}`, { headers: { Host: 'localhost', ...headers } });
  return scene.node.admin.fetch(request);
}

async function post(path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { Host: 'localhost', ...headers },
    body: new URLSearchParams(form),
  });
  return scene.node.admin.fetch(request);
}

async function loggedIn(): Promise<Record<string, string>> {
  const answer = await post('/login', { token: TOKEN }, OWN);
  expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/']);
  const cookie = answer.headers.get('Set-Cookie') ?? '';
  expect(cookie).toMatch(/^silo_[0-9a-f]{8}=.*; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain(TOKEN);
  return { Cookie: cookie.split(';', 1)[0] ?? '', ...OWN };
}

describe('logging in', () => {
  test('without a session every page leads to the login, and a wrong token gets 401', async () => {
    for (const path of ['/', '/boxes', '/box?aor=x', '/dead', '/lamps', '/find?q=x']) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get('Location')], path).toEqual([303, '/login']);
    }
    expect((await post('/login', { token: 'wrong' }, OWN)).status).toBe(401);
    expect((await get('/login')).status).toBe(200);
  });

  test('a session ends by itself, and by logging out', async () => {
    const session = await loggedIn();
    expect((await get('/', session)).status).toBe(200);
    expect((await post('/logout', {}, session)).headers.get('Set-Cookie')).toContain('Max-Age=0');
    scene.time += 12 * 3_600;
    expect((await get('/', session)).status).toBe(303);
  });
});

test('what another page sends is refused, with the session of the operator, too', async () => {
  await scene.leave('bob', 'one');
  const { Cookie } = await loggedIn();
  const session = { Cookie: Cookie! };
  const form = { aor: BOB, again: BOB };
  for (const foreign of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.example.net' },
    { Origin: 'null' },
    {},
  ])
    for (const path of ['/box/remove', '/box/requeue', '/dead/drop'])
      expect((await post(path, { ...form, id: '1' }, { ...session, ...foreign })).status).toBe(403);
  const request = { method: 'DELETE', headers: { Host: 'localhost', ...session } };
  const path = `http://localhost/api/boxes/${BOB}`;
  expect((await scene.node.admin.fetch(new Request(path, request))).status).toBe(403);
  expect((await post('/login', { token: TOKEN }, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  expect(await scene.texts('bob')).toEqual(['one']);
  expect((await post('/box/remove', form, { ...session, Origin: 'http://localhost' })).status).toBe(303);
  expect(await scene.texts('bob')).toEqual([]);
});

describe('what a stranger has sent', () => {
  test('is text and never markup, wherever it is shown', async () => {
    const evil = '<script>alert(1)</script>"><img src=x>';
    const alice = await scene.phone('alice');
    const headers = { 'Content-Type': 'text/html', Subject: evil, 'Call-ID': 'call<b>id' };
    expect((await alice.message('bob', evil, { headers })).status).toBe(202);
    const session = await loggedIn();
    const paths = [
      '/',
      '/boxes',
      `/box?aor=${BOB}&bodies=true`,
      `/find?q=${encodeURIComponent(evil)}`,
      `/box?aor=${encodeURIComponent(evil)}`,
      `/message?which=${encodeURIComponent(evil)}`,
      `/boxes?domain=${encodeURIComponent(evil)}&cursor=${encodeURIComponent(evil)}`,
      `/box/remove?aor=${encodeURIComponent(evil)}`,
      `/box?aor=${BOB}&said=${encodeURIComponent(evil)}`,
    ];
    for (const path of paths) {
      const text = await (await get(path, session)).text();
      expect(text, path).not.toMatch(/<script>alert|<img|<b>id/);
    }
    expect(await (await get(`/box?aor=${BOB}&bodies=true`, session)).text()).toContain(
      '&lt;script&gt;alert(1)',
    );
  });

  test('is hidden until it is asked for, and the asking is logged', async () => {
    await scene.leave('bob', 'a secret');
    const session = await loggedIn();
    const plain = await (await get(`/box?aor=${BOB}`, session)).text();
    expect(plain).toContain('Show what is in them');
    expect(plain).not.toContain('a secret');
    expect(audited).toEqual([]);
    expect(await (await get(`/box?aor=${BOB}&bodies=true`, session)).text()).toContain('a secret');
    expect(audited).toEqual([`session from this process: GET /box with bodies #${tagOf(BOB)}: 200`]);
  });
});

describe('an operator', () => {
  test('sees what waits, why, and what became of a message', async () => {
    await scene.leave('bob', 'one');
    const session = await loggedIn();
    await until(async () => {
      const now = await (await get('/', session)).text();
      expect(now).toContain(`>${BOB}</a>`);
    });
    const alice = await scene.phone('alice');
    await alice.message('carol', 'two', { callId: 'call-id@host' });
    const found = await get('/find?q=call-id%40host', session);
    expect(found.headers.get('Location')).toBe('/message?which=call-id%40host');
    const way = await (await get('/message?which=call-id%40host', session)).text();
    expect(way).toContain('waiting');
    expect(way).toContain('<svg');
    expect((await get('/find?q=bob%40example.org', session)).headers.get('Location')).toBe(
      '/box?aor=bob%40example.org',
    );
    expect((await get('/message?which=unknown', session)).status).toBe(404);
  });

  test('moves and removes, the latter only when the address is written twice', async () => {
    await scene.leave('bob', 'one');
    const session = await loggedIn();
    expect((await post('/box/move', { aor: BOB, to: 'carol@example.org' }, session)).status).toBe(303);
    expect(await scene.texts('carol')).toEqual(['one']);
    const carol = 'carol@example.org';
    expect((await post('/box/remove', { aor: carol, again: 'carl@example.org' }, session)).status).toBe(400);
    expect(await scene.texts('carol')).toEqual(['one']);
    expect((await post('/box/remove', { aor: carol, again: carol }, session)).status).toBe(303);
    expect(await scene.texts('carol')).toEqual([]);
    expect(audited).toHaveLength(2);
  });

  test('reads sentences when something is wrong', async () => {
    const session = await loggedIn();
    const answer = await get('/box?aor=nonsense', session);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/role="alert"[^>]*>[^<]{20,}/);
    await scene.node.store.close();
    expect((await get('/boxes', session)).status).toBe(503);
  });
});

test('every link and form of a page leads to something that there is', async () => {
  await scene.leave('bob', 'one');
  const session = await loggedIn();
  const seen = new Set<string>(['/']);
  for (const path of seen) {
    const answer = await get(path, session);
    expect(answer.status, path).toBeLessThan(400);
    const text = await answer.text();
    for (const [, link = ''] of text.matchAll(/(?:href|src)="(\/[^"]*)"/g))
      if (seen.size < 60) seen.add(link.replaceAll('&amp;', '&'));
  }
  expect(seen.size).toBeGreaterThan(8);
});
