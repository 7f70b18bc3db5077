/** `drachtio-silo user` as an operator runs it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import { startApp } from '../support/app.ts';
import { login } from '../support/digest-answer.ts';
import { findCommand } from '../support/find-command.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let folder: ReturnType<typeof temporaryFolder>;
let store = '';
beforeAll(() => {
  folder = temporaryFolder('silo-user');
  store = `sqlite:${join(folder.path, 'silo.db')}`;
});
afterAll(() => folder.remove());

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param typed what stands on standard input; on a terminal, what is typed at each question */
async function run(
  command: readonly [string, ...string[]],
  typed: string | readonly string[],
  env = {},
): Promise<Run> {
  const [program, ...args] = command;
  const child = spawn(program, args, { env: { ...process.env, SILO_STORE: store, ...env } });
  const said = { stdout: '', stderr: '' };
  const answers = typeof typed === 'string' ? [] : [...typed];
  child.stderr.on('data', (chunk) => (said.stderr += String(chunk)));
  child.stdout.on('data', (chunk) => {
    said.stdout += String(chunk);
    // A terminal shows both.
    if (/: $/.test(said.stdout)) child.stdin.write(answers.shift() ?? '');
  });
  if (typeof typed === 'string') child.stdin.end(typed);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

const user = (args: readonly string[], input = '', env = {}) =>
  run([process.execPath, 'dist/app.js', 'user', ...args], input, env);
const OK = { code: 0, stderr: '' };

describe('drachtio-silo user', () => {
  test('adds a user with the first line of standard input, of which nothing is kept in the clear', async () => {
    expect(await user(['add', 'bob@Example.org'], 'zanzibar\nmore\n')).toMatchObject({
      ...OK,
      stdout: expect.stringContaining('bob@example.org was added') as string,
    });
    const opened = await openStore(store);
    const bob = await opened.subscriber('bob', 'example.org');
    await opened.close();
    const digest = (hash: string, name: string) =>
      createHash(hash).update(`${name}:example.org:zanzibar`).digest('hex');
    expect(bob).toMatchObject({
      password: '',
      ha1: digest('md5', 'bob'),
      ha1b: digest('md5', 'bob@example.org'),
      ha1Sha256: digest('sha256', 'bob'),
      ha1bSha256: digest('sha256', 'bob@example.org'),
    });
    expect(JSON.stringify(bob)).not.toContain('zanzibar');
  });

  test('takes an address with its scheme for the user, and no name with an @ in it', async () => {
    expect((await user(['add', 'sip:erin@example.org'], 'zanzibar')).stdout).toContain(
      'erin@example.org was added',
    );
    expect((await user(['remove', 'erin@example.org'])).code).toBe(0);
    expect(await user(['add', 'e@rin@example.org'], 'zanzibar')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"e@rin@example.org" is no user') as string,
    });
  });

  test('who was added logs in, also with another password; who was removed does not', async () => {
    const app = await startApp({ SILO_STORE: store, SILO_AUTH_CACHE_TIME: '0' });
    const bob = await Phone.start('bob', { server: app.server, login: login('bob', 'zanzibar') });
    try {
      expect((await bob.register()).status).toBe(200);
      expect((await user(['passwd', 'bob@example.org'], 'sesame')).code).toBe(0);
      await until(async () => expect((await bob.register()).status).toBe(401));
      bob.login = login('bob', 'sesame');
      expect((await bob.register()).status).toBe(200);
      expect(await user(['remove', 'bob@example.org'])).toMatchObject({
        ...OK,
        stdout: expect.stringContaining('was removed') as string,
      });
      await until(async () => expect((await bob.register()).status).toBe(401));
    } finally {
      bob.close();
      await app.process.stop();
    }
  });

  test('lists all, without secrets', async () => {
    for (const name of ['dave@example.org', 'carol@example.org']) await user(['add', name], 'secret');
    const { stdout } = await user(['list']);
    expect(stdout.split('\n')).toEqual([
      'user               can prove itself by',
      'carol@example.org  SHA-256, MD5',
      'dave@example.org   SHA-256, MD5',
      '',
    ]);
    const json = await user(['list', '--json']);
    expect(JSON.parse(json.stdout)).toEqual([
      { user: 'carol@example.org', proves: ['SHA-256', 'MD5'] },
      { user: 'dave@example.org', proves: ['SHA-256', 'MD5'] },
    ]);
  });

  test.each([
    [['add', 'carol@example.org'], 'x', 'is there already: drachtio-silo user passwd'],
    [['passwd', 'nobody@example.org'], 'x', 'There is no user nobody@example.org'],
    [['remove', 'nobody@example.org'], '', 'There is no user nobody@example.org'],
    [['add', 'erin'], 'x', '"erin" is no user: wanted is one such as bob@example.org'],
    [['add', `${'e'.repeat(65)}@example.org`], 'x', 'at most 64 characters'],
    [['add', 'erin@example.org'], '', 'there is no password'],
    [['add', 'erin@example.org'], 'a\u0007b\n', 'control character'],
    [['add', 'erin@example.org', 'secret'], '', 'too many arguments'],
    [['add'], '', "missing required argument 'user@domain'"],
    [['list', 'x'], '', 'too many arguments'],
    [[], '', 'passwd <user@domain>'],
    [['add', 'erin@example.org', '--table', 'x'], '', "unknown option '--table'"],
  ])('user %j is refused with a sentence and exit code 1', async (args, input, sentence) => {
    const { code, stderr } = await user(args, input);
    expect(stderr).toContain(sentence);
    expect(code).toBe(1);
  });

  test('with --json what went wrong is JSON as well', async () => {
    const { code, stdout, stderr } = await user(['remove', 'nobody@example.org', '--json']);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'SILO_USAGE', message: expect.stringContaining('There is no user nobody@') as string },
    });
    expect([code, stdout]).toEqual([1, '']);
  });

  test('says where users are when they are not in the store', async () => {
    const { code, stderr } = await user(['list'], '', { SILO_USERS: 'file:/etc/users' });
    expect(stderr).toContain('SILO_USERS is file:/etc/users');
    expect(code).toBe(1);
  });
});

describe(
  'on a terminal',
  needing(findCommand('script') === undefined ? 'script is missing; install bsdutils' : undefined),
  () => {
    const onTerminal = (args: string, typed: readonly string[]) =>
      run(['script', '-qec', `${process.execPath} dist/app.js user ${args}`, '/dev/null'], typed);

    test('the password is asked for twice, and never shown', async () => {
      const { code, stdout } = await onTerminal('add frank@example.org', ['zanzibar\r', 'zanzibar\r']);
      expect(stdout).toMatch(
        /Password for frank@example\.org: \s+Once more: \s+frank@example\.org was added/,
      );
      expect(stdout).not.toContain('zanzibar');
      expect(code).toBe(0);
    });

    test('two that differ, and Ctrl-C, change nothing', async () => {
      const differ = await onTerminal('add grace@example.org', ['one\r', 'other\r']);
      expect(differ.stdout).toContain('the two passwords differ');
      expect(differ.code).toBe(1);
      const broken = await onTerminal('add grace@example.org', ['one\u0003']);
      expect(broken.stdout).toContain('no password was given');
      expect(broken.code).toBe(1);
      expect((await user(['list'])).stdout).not.toContain('grace');
    });
  },
);
