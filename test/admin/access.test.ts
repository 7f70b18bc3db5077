/** Who may ask by HTTP, and what a page of somebody else can't make a browser do. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAdmin } from '../../lib/admin/admin.ts';
import { readConfig } from '../../lib/config/config.ts';
import type { Admin } from '../../lib/index.ts';
import { startNode, type TestNode } from '../support/node.ts';

const TOKEN = 'a-token-for-the-tests';
const AT = 'http://127.0.0.1:8060';

let node: TestNode;
let admin: Admin;
beforeEach(async () => {
  node = await startNode({ admin: { token: TOKEN, hosts: ['Silo.Example.org'] } });
  ({ admin } = node);
});
afterEach(() => node.close());

const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  Promise.resolve(
    admin.fetch(new Request(AT + path, { ...init, headers: { Host: '127.0.0.1:8060', ...headers } })),
  );
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('probes', () => {
  test('are told yes or no without a token, under whatever name they ask', async () => {
    for (const [path, status] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ] as const) {
      const answer = await ask(path, { Host: 'a.pod.in.a.cluster:8060' });
      expect([answer.status, await answer.json()]).toEqual([200, { status }]);
    }
  });

  test('are told the details with it', async () => {
    const details: unknown = await (await ask('/readyz', bearer(TOKEN))).json();
    expect(details).toMatchObject({
      status: 'ready',
      why: '',
      checks: { database: { ok: true, detail: '' } },
    });
    expect(await (await ask('/readyz', bearer(`${TOKEN}x`))).json()).toEqual({ status: 'ready' });
    expect(await (await ask('/healthz', bearer(TOKEN))).json()).toMatchObject({
      version: expect.any(String) as string,
    });
  });
});

describe('without the token', () => {
  test.each([
    ['nothing', {}],
    ['a wrong one', bearer('a-token-for-the-test!')],
    ['a shorter one', bearer('a')],
    ['one of another scheme', { Authorization: `Basic ${TOKEN}` }],
    ['a cookie that somebody made up', { Cookie: 'silo_00000000=99999999999.AAAA' }],
  ])('%s: 401 with what is wanted', async (_, headers) => {
    const answer = await ask('/metrics', headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="drachtio-silo"');
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
  });
});

test('under a name that is none of it nobody but the token is served: another page may point its name here', async () => {
  expect((await ask('/metrics', { Host: 'evil.example.net' })).status).toBe(421);
  for (const host of ['silo.example.org', 'SILO.example.org:8060', 'localhost:1', '[::1]:8060', '192.0.2.1'])
    expect((await ask('/metrics', { Host: host })).status, host).toBe(401);
  expect((await ask('/metrics', { Host: 'evil.example.net', ...bearer(TOKEN) })).status).not.toBe(421);
});

test('each answer forbids what a browser could be made to do with it', async () => {
  for (const path of ['/healthz', '/nothing']) {
    const { headers } = await ask(path, bearer(TOKEN));
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(headers.get('X-Frame-Options')).toBe('DENY');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
  }
});

test('without a token of the operator each run makes one that nobody can guess', () => {
  const [one, other] = [createAdmin(node), createAdmin(node)];
  expect(one.token).toMatch(/^[\w-]{32}$/);
  expect(one.token).not.toBe(other.token);
});

describe('the configuration', () => {
  test.each([
    ['0.0.0.0:8060', /strangers can reach that address, so wanted is a SILO_HTTP_TOKEN of your own/],
    ['[::]:8060', /strangers can reach that address/],
    ['example.org:8060', /wanted is off, or an address and a port/],
    ['127.0.0.1', /wanted is off, or an address and a port/],
    ['127.0.0.1:99999', /wanted is off, or an address and a port/],
  ])('refuses %s without a token', (listen, sentence) => {
    expect(() => readConfig({ SILO_HTTP_LISTEN: listen })).toThrow(sentence);
  });

  test('takes each address of this machine alone, and any other with a token', () => {
    for (const listen of ['127.0.0.1:0', '[::1]:8060', 'localhost:1', 'off', '127.1.2.3:9'])
      expect(readConfig({ SILO_HTTP_LISTEN: listen }).admin.listen).toBe(listen);
    const given = { SILO_HTTP_LISTEN: '0.0.0.0:8060', SILO_HTTP_TOKEN: TOKEN };
    expect(readConfig(given).admin.token).toBe(TOKEN);
  });

  test('refuses a token that can be guessed, without repeating it', () => {
    const refused = () => readConfig({ SILO_HTTP_TOKEN: 'short-one' });
    expect(refused).toThrow('Option SILO_HTTP_TOKEN (found ***): wanted are 16 to 512 letters');
  });
});
