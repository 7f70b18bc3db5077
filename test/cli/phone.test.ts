/** The test phone of the command line, against the application as it runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { login } from '../support/digest-answer.ts';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { silo } from './command.ts';

const json = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('where nobody is asked for a password', () => {
  let app: RunningApp;
  let server: string;
  let running: RunningProcess | undefined;
  beforeEach(async () => {
    app = await startApp({ SILO_DOMAINS: 'example.org' });
    server = `${app.server.host}:${app.server.port}`;
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await app.process.stop();
  });
  const start = async (...args: readonly string[]) =>
    (running = await startProcess(process.execPath, ['dist/app.js', ...args, '--server', server]));
  const send = (text: string, ...more: readonly string[]) =>
    silo([
      'send',
      text,
      '--from',
      'alice@example.org',
      '--to',
      'sip:bob@example.org',
      '--server',
      server,
      ...more,
    ]);

  test('send says that a message was stored, and register gets it with what comes', async () => {
    expect(await send('Hello, Bób')).toMatchObject({
      code: 0,
      stdout: '202 Accepted: stored; it is sent when its recipient registers\n',
    });
    const phone = await start('register', 'bob@example.org', '--count', '2', '--json');
    await phone.line('{');
    expect(await send('And now')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('delivered to a device, right now') as string,
    });
    expect((await phone.exited).code).toBe(0);
    expect(json(phone.stdout)).toMatchObject([
      { from: 'sip:alice@example.org', text: 'Hello, Bób', type: 'text/plain;charset=utf-8' },
      { from: 'sip:alice@example.org', text: 'And now' },
    ]);
    // It has said good-bye.
    expect((await send('Later')).stdout).toContain('202');
  });

  test('register ends with Ctrl-C, and says so when fewer came than were wanted', async () => {
    const phone = await start('register', 'bob@example.org');
    await phone.line('bob@example.org is registered as <sip:bob@', { from: 'stderr' });
    phone.kill('SIGINT');
    expect(await phone.exited).toEqual({ code: 0, signal: null });
    const vain = await start('register', 'bob@example.org', '--count', '1', '--seconds', '1');
    expect((await vain.exited).code).toBe(2);
  });

  test('what a stranger wrote moves no cursor', async () => {
    await send('one\r\ntwo \u001b[2Jthree');
    const phone = await start('register', 'bob@example.org', '--count', '1');
    await phone.exited;
    expect(phone.stdout).toMatch(/^sip:alice@example\.org .* one two \ufffd\[2Jthree\n$/);
  });

  test('watch shows the lamp, and each change of it', async () => {
    const phone = await start('watch', 'bob@example.org', '--json');
    await phone.line('{');
    const publisher = await Phone.start('bob', { server: app.server });
    try {
      const published = await publisher.request(
        'PUBLISH',
        'sip:bob@example.org',
        'bob@example.org',
        { Event: 'message-summary', 'Content-Type': 'application/simple-message-summary', Expires: '600' },
        Buffer.from('Messages-Waiting: yes\r\nVoice-Message: 2/1\r\n'),
      );
      expect(published.status).toBe(200);
      await until(() => json(phone.stdout).length >= 2);
      expect(json(phone.stdout)).toMatchObject([
        { waiting: false },
        { waiting: true, counts: [{ class: 'Voice-Message', new: 2, old: 1 }] },
      ]);
      phone.kill('SIGINT');
      expect(await phone.exited).toEqual({ code: 0, signal: null });
      const human = await start('watch', 'bob@example.org', '--count', '1');
      await human.exited;
      expect(human.stdout).toBe('lamp on; Voice-Message 2 new, 1 old\n');
    } finally {
      publisher.close();
    }
  });

  test('a refusal is exit code 2 and what it means', async () => {
    const { code, stdout } = await silo([
      ...['send', 'x', '--from', 'alice@example.org', '--to', 'bob@elsewhere.example', '--server', server],
    ]);
    expect(stdout).toMatch(/^404 .*: that domain is not served here \(SILO_DOMAINS\)\n$/);
    expect(code).toBe(2);
  });
});

describe('where users have passwords', () => {
  let app: RunningApp;
  let folder: TemporaryFolder;
  let file: string;
  let server: string;
  beforeAll(async () => {
    folder = temporaryFolder('silo-phone');
    const env = { SILO_STORE: `sqlite:${join(folder.path, 'silo.db')}` };
    file = join(folder.path, 'password');
    writeFileSync(file, 'zanzibar\n', { mode: 0o600 });
    for (const user of ['alice', 'bob'])
      expect((await withInput(['user', 'add', `${user}@example.org`], 'zanzibar\n', env)).code).toBe(0);
    app = await startApp(env);
    server = `${app.server.host}:${app.server.port}`;
  });
  afterAll(async () => {
    await app.process.stop();
    folder.remove();
  });
  async function withInput(args: readonly string[], input: string, env = {}) {
    const running = await startProcess(process.execPath, ['dist/app.js', ...args], { env, typed: true });
    running.type(input);
    const { code } = await running.exited;
    return { code, stdout: running.stdout, stderr: running.stderr };
  }
  const hello = ['send', 'Hello', '--from', 'alice@example.org', '--to', 'bob@example.org'];

  test('it comes from a file or from standard input, and proves who writes', async () => {
    const fromFile = await silo([...hello, '--server', server, '--password-file', file]);
    expect(fromFile, fromFile.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^202/) as string,
    });
    const typed = await withInput([...hello, '--server', server], 'zanzibar\n');
    expect(typed, typed.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^202/) as string });
    const registered = await silo([
      ...['register', 'bob@example.org', '--count', '2', '--server', server, '--password-file', file],
    ]);
    expect(registered.code, registered.stderr).toBe(0);
    expect(registered.stdout.trim().split('\n')).toHaveLength(2);
    const bob = await Phone.start('bob', { server: app.server, login: login('bob', 'zanzibar') });
    expect((await bob.register({ contact: '' })).all('Contact')).toEqual([]);
    bob.close();
  });

  test('a wrong one is exit code 2 and a sentence; without one it can not be tried', async () => {
    const wrong = await withInput([...hello, '--server', server], 'sesame\n');
    expect(wrong.stdout).toMatch(/^401 .*: the password is wrong, or there is no such user/);
    expect(wrong.code).toBe(2);
    const none = await silo([...hello, '--server', server]);
    expect(none.stderr).toContain('a password is wanted of alice@example.org');
    expect(none.code).toBe(1);
  });
});

test.each([
  [['send', 'x', '--from', 'alice@example.org'], 'send needs --to and --from'],
  [['register', 'bob'], '"bob" is no address: wanted is one such as bob@example.org'],
  [['watch', 'bob@example.org', '--server', 'here'], "--server is 'here'; wanted an address"],
])('%j is refused with a sentence', async (args, sentence) => {
  const { code, stderr } = await silo(args);
  expect(stderr).toContain(sentence);
  expect(code).toBe(1);
});

test('where nobody listens there is a sentence, at once', async () => {
  const server = `127.0.0.1:${await freePort()}`;
  const { code, stderr } = await silo(['register', 'bob@example.org', '--server', server]);
  expect(stderr).toContain(`There is no answer from ${server} (`);
  expect(code).toBe(1);
});
