/** HTTP of the application as a process: where it is, who is let in, and its end. */
import { describe, expect, test } from 'vitest';
import { launchApp, startApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { startFrontEnd } from '../../lib/embedded/front-end.ts';
import { until } from '../support/until.ts';

const LINE = '  Page, metrics and API: ';
const run = (env: Record<string, string>) => launchApp({ SILO_STORE: 'sqlite::memory:', ...env });
const metrics = (url: string, token: string) =>
  fetch(`${url}metrics`, { headers: { Authorization: `Bearer ${token}` } });

describe('the application', () => {
  test('says where its page is, with the token of this run, which nothing else repeats', async () => {
    const app = await startApp({ SILO_HTTP_LISTEN: '127.0.0.1:0', DEBUG: '*' });
    const line = await app.process.line(LINE);
    const [, url = '', token = ''] = /(http:\/\/127\.0\.0\.1:\d+\/)#token=(\S+)$/.exec(line) ?? [];
    expect((await metrics(url, token)).status).toBe(200);
    expect((await metrics(url, 'a-token-of-another-run')).status).toBe(401);
    await app.process.stop();
    expect(app.process.stderr).not.toContain(token);
  });

  test('does not print a token that it was given', async () => {
    const token = 'given-by-the-operator';
    const app = await startApp({ SILO_HTTP_LISTEN: '127.0.0.1:0', SILO_HTTP_TOKEN: token });
    const url = (await app.process.line(LINE)).replace(LINE, '').split(' ')[0] ?? '';
    expect((await metrics(url, token)).status).toBe(200);
    await app.process.stop();
    expect(app.process.stdout + app.process.stderr).not.toContain(token);
  });

  test('beyond loopback it does not start without a token: exit code 1 and a sentence', async () => {
    const app = await run({ SILO_HTTP_LISTEN: '0.0.0.0:0' });
    expect(await app.exited).toMatchObject({ code: 1 });
    expect(app.stderr).toContain('wanted is a SILO_HTTP_TOKEN of your own beside it');
  });

  test('two on one machine, neither told where: both have HTTP, and one says that it is elsewhere', async () => {
    const apps = [await startApp({ SILO_HTTP_LISTEN: '' }), await startApp({ SILO_HTTP_LISTEN: '' })];
    const urls = await Promise.all(
      apps.map(async ({ process }) => (await process.line(LINE)).replace(LINE, '').split('#')[0] ?? ''),
    );
    expect(new Set(urls).size).toBe(2);
    for (const url of urls) expect((await fetch(`${url}healthz`)).status).toBe(200);
    expect(apps[1]!.process.stderr).toMatch(/127\.0\.0\.1:8060 is taken .* HTTP is at 127\.0\.0\.1:\d+/);
    for (const { process } of apps) await process.stop();
  });

  test('an address that it was told and that is taken: exit code 1 and a sentence', async () => {
    const port = await freePort();
    const env = { SILO_HTTP_LISTEN: `127.0.0.1:${port}` };
    const first = await startApp(env);
    const second = await run({ ...env, SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}` });
    expect(await second.exited).toMatchObject({ code: 1 });
    expect(second.stderr).toContain('another program listens there; wanted is an address that is free');
    await first.process.stop();
  });

  test('while it waits for drachtio-server it lives, and says what it waits for', async () => {
    const [http, admin] = [await freePort(), await freePort()];
    const token = 'given-by-the-operator';
    const app = await run({
      SILO_HTTP_LISTEN: `127.0.0.1:${http}`,
      SILO_HTTP_TOKEN: token,
      DRACHTIO_HOST: '127.0.0.1',
      DRACHTIO_PORT: String(admin),
    });
    const url = `http://127.0.0.1:${http}/`;
    await until(async () => expect((await fetch(`${url}healthz`)).status).toBe(200));
    const readyz = await fetch(`${url}readyz`, { headers: { Authorization: `Bearer ${token}` } });
    expect([readyz.status, await readyz.json()]).toMatchObject([503, { why: 'It is starting.' }]);
    const front = await startFrontEnd({ listen: '127.0.0.1:0', admin: `127.0.0.1:${admin}` });
    await app.line('drachtio-silo ready');
    await until(async () => expect((await fetch(`${url}readyz`)).status).toBe(200));
    expect(await app.stop()).toMatchObject({ code: 0 });
    await front.close();
  });
});
