/** Secrets come from files where that is wanted, and are in nothing that a process says, whatever goes wrong and however much it says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../lib/config/config.ts';
import { startFrontEnd } from '../../lib/embedded/front-end.ts';
import { aKey } from '../stores/contract/body-keys.ts';
import { launchApp } from '../support/app.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let folder: TemporaryFolder;
beforeAll(() => {
  folder = temporaryFolder('silo-secrets');
});
afterAll(() => folder.remove());

/** Path of a file that holds this. */
function holding(text: string, name = 'secret'): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

describe('a secret in a file', () => {
  test.each([
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    [' s3 cret \n\n', ' s3 cret \n'],
  ])('is all of it but the newline at the end: %j', (text, secret) => {
    expect(readConfig({ DRACHTIO_SECRET_FILE: holding(text) }).drachtio.secret).toBe(secret);
  });

  test('may be named in the file of the options, too, and the environment wins', () => {
    const config = holding(JSON.stringify({ storeFile: holding('sqlite:./other.db') }), 'silo.json');
    expect(readConfig({ SILO_CONFIG: config }).store.url).toBe('sqlite:./other.db');
    expect(readConfig({ SILO_CONFIG: config, SILO_STORE: 'sqlite:./x.db' }).store.url).toBe('sqlite:./x.db');
    const plain = holding(JSON.stringify({ store: 'sqlite:./plain.db' }), 'plain.json');
    const env = { SILO_CONFIG: plain, SILO_STORE_FILE: holding('sqlite:./other.db') };
    expect(readConfig(env).store.url).toBe('sqlite:./other.db');
  });

  test.each([
    [
      { SILO_STORE: 'sqlite:a', SILO_STORE_FILE: '/run/b' },
      'There are both SILO_STORE and SILO_STORE_FILE, and only one',
    ],
    [
      { DRACHTIO_SECRET_FILE: '/nowhere/secret' },
      "The file /nowhere/secret named by DRACHTIO_SECRET_FILE can't be read (ENOENT",
    ],
    [{ SILO_STORE_FILE: '/' }, "The file / named by SILO_STORE_FILE can't be read (EISDIR"],
    [{ SILO_STORE_FIL: '/x' }, 'There is no option SILO_STORE_FIL. Did you mean SILO_STORE_FILE?'],
    [{ SILO_SIP_LISTEN_FILE: '/x' }, 'There is no option SILO_SIP_LISTEN_FILE'],
  ])('is refused with a sentence: %o', (env, sentence) => {
    expect(() => readConfig(env)).toThrow(sentence);
  });

  test('an empty file is refused, an empty variable is none', () => {
    expect(() => readConfig({ DRACHTIO_SECRET_FILE: holding('\n') })).toThrow('it is empty');
    expect(readConfig({ DRACHTIO_SECRET_FILE: '', DRACHTIO_SECRET: 'abcde' }).drachtio.secret).toBe('abcde');
  });
});

describe('secrets in what a process says', needing(mariadbMissing()), () => {
  const bodyKey = aKey('one');
  const [password, secret] = ['Marker%2Fof/the:database', 'marker of the server'];
  let mariadb: TestMariaDb;
  let url: string;
  beforeAll(async () => {
    mariadb = await startMariaDb();
    const { name, url: rootUrl } = await mariadb.createDatabase();
    const connection = await createConnection(rootUrl);
    await connection.query(`create user silo@'127.0.0.1' identified by '${password}'`);
    await connection.query(`grant all privileges on \`${name}\`.* to silo@'127.0.0.1'`);
    await connection.end();
    url = `mysql://silo:${encodeURIComponent(password)}@127.0.0.1:${mariadb.port}/${name}`;
  });
  afterAll(() => mariadb.stop());

  function expectNothing({ stdout, stderr }: RunningProcess): void {
    for (const word of [password, encodeURIComponent(password), secret, 'arker', bodyKey.slice(4)]) {
      expect(stdout).not.toContain(word);
      expect(stderr).not.toContain(word);
    }
  }

  test('over a start, an outage of the database and one of the server, with all of DEBUG', async () => {
    const front = await startFrontEnd({ listen: '127.0.0.1:0', secret });
    const app = await launchApp({
      DEBUG: '*',
      SILO_STORE_FILE: holding(`${url}\n`, 'store'),
      DRACHTIO_HOST: front.adminHost,
      DRACHTIO_PORT: String(front.adminPort),
      DRACHTIO_SECRET_FILE: holding(`${secret}\n`, 'drachtio'),
      SILO_BODY_KEY_FILE: holding(bodyKey, 'keys'),
    });
    await app.line('drachtio-silo ready', { timeoutMs: 30_000 });
    const server = { host: '127.0.0.1', port: front.addresses[0]!.port };
    const alice = await Phone.start('alice', { server });
    expect((await alice.message('bob', 'one')).status).toBe(202);
    mariadb.kill('SIGKILL');
    await mariadb.down();
    expect((await alice.message('bob', 'two')).status).toBe(503);
    await mariadb.start();
    await front.restart();
    const again = { callId: 'again', cseq: 1, tag: 't' };
    await until(async () => expect((await alice.message('bob', 'three', again)).status).toBe(202));
    expect(readFileSync(`/proc/${app.pid}/cmdline`, 'latin1')).not.toContain('arker');
    alice.close();
    await app.stop();
    await front.close();
    // It did say what is sent, so the secret would have been there.
    expect(app.stderr).toContain('authenticate|***|');
    expectNothing(app);
  });

  test.each([
    ['a wrong password', () => ({ SILO_STORE: url.replace('silo:', 'root:') }), 'Access denied'],
    ['a database that is away', () => ({ SILO_STORE: url.replace(/:\d+\//, ':1/') }), 'ECONNREFUSED'],
    ['a URL that is none', () => ({ SILO_STORE: url.replace('://', ':/') }), 'The store "mysql:***"'],
    ['a URL with a wrong parameter', () => ({ SILO_STORE: `${url}?ssl=1` }), 'has the parameter ssl'],
    ['an option twice', () => ({ SILO_STORE: url, SILO_STORE_FILE: '/x' }), 'There are both SILO_STORE'],
    ['a file that is none', () => ({ SILO_STORE_FILE: holding(`[${url}]`) }), 'The store "***"'],
  ])('when it does not start: %s', async (_, env, sentence) => {
    const app = await launchApp({ DEBUG: '*', DRACHTIO_SECRET: secret, ...env() });
    expect(await app.exited).toMatchObject({ code: 1 });
    expect(app.stderr).toContain(sentence);
    expectNothing(app);
  });

  test('when the server refuses the secret', async () => {
    const front = await startFrontEnd({ listen: '127.0.0.1:0' });
    const app = await launchApp({
      DEBUG: '*',
      SILO_STORE: url,
      DRACHTIO_HOST: front.adminHost,
      DRACHTIO_PORT: String(front.adminPort),
      DRACHTIO_SECRET: secret,
    });
    expect(await app.exited).toMatchObject({ code: 1 });
    expect(app.stderr).toContain('set DRACHTIO_SECRET');
    expectNothing(app);
    await front.close();
  });

  test('of an import: its source may stand in a file, and a URL among the arguments is not shown for long', async () => {
    const launch = (source: string, store: string) =>
      startProcess(process.execPath, ['dist/app.js', 'import', source], {
        env: { DEBUG: '*', SILO_STORE: store },
      });
    const run = await launch(`file:${holding(`${url}\n`)}`, 'sqlite::memory:');
    await run.exited;
    expect(run.stderr).toContain("is drachtio-silo's own");
    expectNothing(run);
    mariadb.kill('SIGSTOP');
    const waits = await launch(url, 'sqlite::memory:');
    await until(() => !readFileSync(`/proc/${waits.pid}/cmdline`, 'latin1').includes('arker'));
    mariadb.kill('SIGCONT');
    await waits.exited;
    expectNothing(waits);
  });
});
