/** `drachtio-silo migrate`, and an application whose database user may only read and write. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { schemaSteps } from '../../lib/stores/shared/migrate.ts';
import { launchApp, startApp } from '../support/app.ts';
import type { TestDatabase } from '../support/mariadb-database.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { silo, siloJson } from './command.ts';

const STEPS = schemaSteps('mysql');
const last = STEPS.at(-1)!;

describe('in MariaDB', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let admin: Connection;
  /** Of a user who may select, insert, update and delete, and nothing else. */
  let humble: string;
  beforeEach(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    admin = await mysql.createConnection({ uri: database.url, multipleStatements: true });
    await admin.query(
      `create user ${database.name}@'%' identified by 'pw';
       grant select, insert, update, delete on ${database.name}.* to ${database.name}@'%'`,
    );
    humble = database.url.replace('root:', `${database.name}:`);
  });
  afterEach(async () => {
    await admin.query(`drop user ${database.name}@'%'`);
    await admin.end();
    await database.drop();
  });
  const tables = async () => {
    const [rows] = await admin.query<mysql.RowDataPacket[]>(
      'select table_name as name from information_schema.tables where table_schema = database()',
    );
    return rows.map((row) => String(row['name']));
  };
  /** The application stores and delivers. */
  const works = async (store: string) => {
    const app = await startApp({ SILO_STORE: store });
    const alice = await Phone.start('alice', { server: app.server });
    const bob = await Phone.start('bob', { server: app.server });
    try {
      expect((await alice.message('bob@example.org', 'hello')).status).toBe(202);
      await bob.register();
      await until(() => bob.messages.length === 1);
      const { code, signal } = await app.process.stop();
      expect([code, signal]).toEqual([0, null]);
      expect(app.process.stderr).toBe('');
    } finally {
      alice.close();
      bob.close();
      await app.process.stop();
    }
  };

  test('a user who may only read and write is told at the first start what to do, and what was done is enough for good', async () => {
    const app = await launchApp({ SILO_STORE: humble, SILO_SIP_LISTEN: '127.0.0.1:0' });
    expect((await app.exited).code).toBe(1);
    expect(app.stderr).toMatch(/Schema step 1 \(silo\) failed: CREATE command denied to user/);
    expect(app.stderr).toContain(`${STEPS.length} are missing`);
    expect(app.stderr).toContain(
      'drachtio-silo migrate with one, or give what drachtio-silo migrate --print says',
    );
    expect(await tables()).toEqual([]);

    const done = await silo(['migrate'], { SILO_STORE: database.url });
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain(`step 1 silo (1 of ${STEPS.length}) …\n`);
    expect(done.stdout).toContain(`${STEPS.length} steps in `);
    expect(done.stdout).toContain(`is up to date: step ${last.version} ${last.name}.`);

    // Twice: a start makes nothing that the next one would need more rights for.
    await works(humble);
    await works(humble);
    expect(await silo(['migrate'], { SILO_STORE: humble })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is up to date') as string,
    });
  });

  test('what --print says makes the same, run by somebody else', async () => {
    const printed = await silo(['migrate', '--print'], { SILO_STORE: humble });
    expect(printed.code, printed.stderr).toBe(0);
    for (const { text } of STEPS) expect(printed.stdout).toContain(text.trimEnd());
    await admin.query(printed.stdout);
    expect(await siloJson(['migrate', '--check'], { SILO_STORE: humble })).toMatchObject({
      code: 0,
      answer: { upToDate: true, byHand: false, lacks: [], dialect: 'mysql' },
    });
    expect(await silo(['migrate', '--print'], { SILO_STORE: humble })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('there is nothing to run') as string,
    });
    // All of it may be run again, and without a look at the database it is the same.
    const all = await silo(['migrate', '--print', '--all'], { SILO_STORE: 'mysql://nobody@127.0.0.1:1/x' });
    expect(all.stdout).toBe(printed.stdout);
    await admin.query(all.stdout);
    await works(humble);
  });

  test('--check says with exit code 2 which steps are missing, and changes nothing', async () => {
    const check = () => silo(['migrate', '--check'], { SILO_STORE: humble });
    const empty = await check();
    expect(empty.code, empty.stderr).toBe(2);
    expect(empty.stdout).toContain(`lacks ${STEPS.length} of ${STEPS.length} steps: 1 silo, 2 binding`);
    expect(await tables()).toEqual([]);

    await silo(['migrate'], { SILO_STORE: database.url });
    await admin.query('delete from silo_schema where version >= 9');
    expect(await check()).toMatchObject({
      code: 2,
      stdout: expect.stringContaining(': 9 seal, 10 sender') as string,
    });
    const { stdout } = await silo(['migrate', '--print'], { SILO_STORE: humble });
    expect(stdout).toContain('step 9 for MySQL');
    expect(stdout).not.toContain('step 8 for MySQL');
    await admin.query(stdout);
    expect((await check()).code).toBe(0);
  });

  test('--check knows a schema of a newer version, and one that was made by hand', async () => {
    await silo(['migrate'], { SILO_STORE: database.url });
    await admin.query("insert into silo_schema (version, name) values (9999, 'later')");
    expect(await silo(['migrate', '--check'], { SILO_STORE: humble })).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('run the newer version') as string,
    });
    await admin.query('drop table silo_schema');
    expect(await silo(['migrate', '--check'], { SILO_STORE: humble })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('made by hand and not remembered') as string,
    });
    await works(humble);
  });

  test('a database that is away can not be asked: exit code 1 and a sentence', async () => {
    const { code, stdout, stderr } = await silo(['migrate', '--check'], {
      SILO_STORE: 'mysql://silo:secret@127.0.0.1:1/silo',
    });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).not.toContain('secret');
  });
});

describe('in SQLite', () => {
  let folder: TemporaryFolder;
  let path: string;
  beforeEach(() => {
    folder = temporaryFolder('silo-migrate');
    path = join(folder.path, 'silo.db');
  });
  afterEach(() => folder.remove());

  test('--check makes no file, migrate makes one that only its owner reads, and then there is nothing to do', async () => {
    const env = { SILO_STORE: `sqlite:${path}` };
    expect((await silo(['migrate', '--check'], env)).code).toBe(2);
    expect(existsSync(path)).toBe(false);
    expect((await silo(['migrate'], env)).code).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await silo(['migrate', '--check'], env)).code).toBe(0);
    expect((await silo(['migrate'], env)).stdout).toMatch(/^sqlite:.*is up to date/);
  });

  test('--print is for those who have more rights than the application, whom SQLite does not know', async () => {
    const { code, stderr } = await silo(['migrate', '--print'], { SILO_STORE: `sqlite:${path}` });
    expect(stderr).toContain('run drachtio-silo migrate as the user whose file it is');
    expect(code).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  test('a file that is no database can not be asked: exit code 1 and a sentence', async () => {
    const { code, stderr } = await silo(['migrate', '--check'], {
      SILO_STORE: `sqlite:${process.cwd()}/README.md`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("README.md can't be read (file is not a database)");
  });
});

test.each([
  [['--check', '--print'], 'are two questions'],
  [['--all'], '--all belongs to --print'],
])('migrate %j is refused with a sentence', async (args, sentence) => {
  const { code, stderr } = await silo(['migrate', ...args]);
  expect(stderr).toContain(sentence);
  expect(code).toBe(1);
});
