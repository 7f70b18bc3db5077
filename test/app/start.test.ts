/** The application as a process: how it starts, says so, and stops. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { startFrontEnd } from '../../lib/embedded/front-end.ts';
import { launchApp, startApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import { startProcess } from '../support/process.ts';
import { realTime } from '../support/real-time.ts';
import { nothingMore } from '../support/sentinel.ts';
import { until } from '../support/until.ts';

const run = (env: Record<string, string>) => launchApp({ SILO_STORE: 'sqlite::memory:', ...env });

/** The app has heard that it shall stop: nobody new is served. */
const stopping = (phone: Phone) =>
  until(async () => expect((await phone.register({ contact: '' })).status).toBe(503));

describe('the application', () => {
  test('says in one line that it is ready, where, and on which store; then how to try it', async () => {
    const app = await startApp();
    const [ready = '', ...rest] = app.process.stdout.trim().split('\n');
    expect(ready).toMatch(/^drachtio-silo ready: .*udp\/127\.0\.0\.1:\d+.*; store sqlite::memory:$/);
    await app.process.line('  This embedded SIP front end is for first runs');
    expect(rest.length).toBeLessThanOrEqual(3);
    await app.process.stop();
  });

  test('goes on when whoever reads its log has ended', async () => {
    const port = await freePort();
    const piped = await startProcess('sh', ['-c', '"$0" dist/app.js 2>&1 | head -n 1', process.execPath], {
      env: {
        SILO_STORE: 'sqlite::memory:',
        SILO_SIP_LISTEN: `127.0.0.1:${port}`,
        SILO_HTTP_LISTEN: 'off',
        SILO_LOG_LEVEL: 'debug',
      },
    });
    await until(() => piped.stdout.includes('\n'), 30_000);
    const alice = await Phone.start('alice', { server: { host: '127.0.0.1', port } });
    await until(async () => expect((await alice.message('bob', 'ready')).status).toBe(202), 30_000);
    // Each is some lines of the log.
    for (const text of ['one', 'two', 'three']) expect((await alice.message('bob', text)).status).toBe(202);
    alice.close();
    await piped.stop(0);
  });

  test('answers OPTIONS', async () => {
    const app = await startApp();
    const alice = await Phone.start('alice', { server: app.server });
    const answer = await alice.request('OPTIONS', 'sip:example.org', 'alice@example.org', {});
    expect([answer.status, answer.header('Allow')]).toEqual([200, expect.stringContaining('MESSAGE')]);
    alice.close();
    await app.process.stop();
  });

  test('works the same behind a drachtio-server, and takes up a lost connection again', async () => {
    const front = await startFrontEnd({ listen: '127.0.0.1:0', secret: 'another' });
    const app = await run({
      DRACHTIO_HOST: front.adminHost,
      DRACHTIO_PORT: String(front.adminPort),
      DRACHTIO_SECRET: 'another',
    });
    await app.line('drachtio-silo ready');
    const server = { host: '127.0.0.1', port: front.addresses[0]!.port };
    const [alice, bob] = [await Phone.start('alice', { server }), await Phone.start('bob', { server })];
    expect((await alice.message('bob', 'before')).status).toBe(202);
    await front.restart();
    // Until the app is back the server says 503.
    const again = { callId: 'one', cseq: 1, tag: 't' };
    await until(async () => expect((await alice.message('bob', 'after', again)).status).toBe(202));
    await bob.register({ expires: 600 });
    await bob.received(2);
    expect(bob.texts).toEqual(['before', 'after']);
    await nothingMore(bob);
    alice.close();
    bob.close();
    expect(await app.stop()).toMatchObject({ code: 0 });
    await front.close();
  });

  test.each([
    ['an option that does not exist', { SILO_NONSENSE: '1' }, 'There is no option SILO_NONSENSE'],
    ['a value out of range', { SILO_CHECK_TIME: '-1' }, 'SILO_CHECK_TIME'],
    ['a store that cannot be read', { SILO_STORE: 'oracle://x' }, 'wanted is sqlite:'],
    ['a store with half a password', { SILO_STORE: 'mysql:silo:s3cret@host/db' }, 'The store "mysql:***"'],
    ['a store that cannot be opened', { SILO_STORE: 'sqlite:/nowhere/silo.db' }, '/nowhere/silo.db'],
  ])('%s: exit code 1 and a sentence', async (_, env, sentence) => {
    const app = await run(env);
    expect(await app.exited).toMatchObject({ code: 1 });
    expect(app.stderr).toContain("drachtio-silo can't start: ");
    expect(app.stderr).toContain(sentence);
  });

  test('a wrong secret: exit code 1 and a sentence', async () => {
    const front = await startFrontEnd({ listen: '127.0.0.1:0' });
    const app = await run({
      DRACHTIO_HOST: front.adminHost,
      DRACHTIO_PORT: String(front.adminPort),
      DRACHTIO_SECRET: 'wrong',
    });
    expect(await app.exited).toMatchObject({ code: 1 });
    expect(app.stderr).toContain('set DRACHTIO_SECRET');
    await front.close();
  });

  test('a SIP port that is taken: exit code 1 and a sentence', async () => {
    const port = await freePort();
    const taken = createSocket('udp4').bind(port, '127.0.0.1');
    await once(taken, 'listening');
    const app = await run({ SILO_SIP_LISTEN: `127.0.0.1:${port}` });
    expect(await app.exited).toMatchObject({ code: 1 });
    expect(app.stderr).toContain(String(port));
    taken.close();
  });

  test('SIGTERM while a message is in flight: its answer is waited for, exit code 0, nothing is sent twice', async () => {
    const app = await startApp();
    const [alice, bob] = [
      await Phone.start('alice', { server: app.server }),
      await Phone.start('bob', { server: app.server }),
    ];
    await alice.message('bob', 'one');
    await alice.message('bob', 'two');
    let answer: (status: number) => void = () => undefined;
    bob.react = ({ method }) => (method === 'MESSAGE' ? new Promise((resolve) => (answer = resolve)) : 200);
    await bob.register({ expires: 600 });
    await bob.received(1);
    app.process.kill('SIGTERM');
    await stopping(alice);
    expect((await alice.message('bob', 'three')).status).toBe(503);
    answer(200);
    expect(await app.process.exited).toMatchObject({ code: 0 });
    expect(bob.texts).toEqual(['one']);
    alice.close();
    bob.close();
  });

  test('SIGTERM during a live delivery: the sender gets its answer', async () => {
    const app = await startApp();
    const [alice, bob] = [
      await Phone.start('alice', { server: app.server }),
      await Phone.start('bob', { server: app.server }),
    ];
    bob.react = async ({ method }) => {
      if (method === 'MESSAGE') app.process.kill('SIGTERM');
      if (method === 'MESSAGE') await stopping(bob);
      return 200;
    };
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'one')).status).toBe(200);
    expect(await app.process.exited).toMatchObject({ code: 0 });
    alice.close();
    bob.close();
  });

  test('under npm a signal to npm stops the app, gracefully', async () => {
    const env = { SILO_STORE: 'sqlite::memory:', SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}` };
    const npm = await startProcess('npm', ['start'], { env });
    await npm.line('drachtio-silo ready', { timeoutMs: 60_000 });
    npm.kill('SIGTERM');
    await npm.exited;
    const again = await launchApp(env);
    await again.line('drachtio-silo ready');
    await again.stop();
  });

  test('warnings are seen without DEBUG', async () => {
    const front = await startFrontEnd({ listen: '127.0.0.1:0' });
    const { adminHost, adminPort } = front;
    await front.close();
    const app = await run({ DRACHTIO_HOST: adminHost, DRACHTIO_PORT: String(adminPort) });
    await app.line('', { from: 'stderr' });
    await until(() => expect(app.stderr).toMatch(/^\S+Z warn sip:connect: .*can't be reached/m));
    app.kill('SIGKILL');
    await app.exited;
  });

  test('a second signal stops at once', async () => {
    const app = await startApp();
    const [alice, bob] = [
      await Phone.start('alice', { server: app.server }),
      await Phone.start('bob', { server: app.server }),
    ];
    await alice.message('bob', 'one');
    bob.react = ({ method }) => (method === 'MESSAGE' ? 'silence' : 200);
    await bob.register({ expires: 600 });
    await bob.received(1);
    app.process.kill('SIGINT');
    app.process.kill('SIGINT');
    await realTime(600, 'signals');
    app.process.kill('SIGINT');
    expect(await app.process.exited).toMatchObject({ code: 1 });
    alice.close();
    bob.close();
  });
});
