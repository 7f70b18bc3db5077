/** `drachtio-silo import` on tables as Kamailio and OpenSIPS make them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import {
  msiloTable,
  type Engine,
  type MsiloRow,
  type MsiloTable,
  type MsiloVersion,
} from '../support/msilo.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { startProcess } from '../support/process.ts';
import { nothingMore } from '../support/sentinel.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { commandHere, importHere, runImportCommand, startImportCommand } from './command.ts';

const VERSIONS = ['kamailio 6', 'kamailio 7', 'kamailio 8', 'opensips 6'] as const;
const now = () => Math.floor(Date.now() / 1000);
const hello = (number: number): MsiloRow => ({ body: Buffer.from(`hello ${number}`) });
const CPIM =
  'From: <sip:alice@example.org>\r\nTo: <sip:bob@example.org>\r\n\r\nContent-Type: text/plain\r\n\r\nhello';

interface JsonReport {
  readonly imported: number;
  readonly complete: boolean;
  readonly skips: readonly { kind: string; rows: readonly { id: number; found: string }[] }[];
  readonly refusals: readonly { kind: string; rows: readonly { id: number; found: string }[] }[];
}

describe.each([
  ['SQLite', undefined],
  ['MariaDB', mariadbMissing()],
] as const)('from %s', (engine: Engine, missing) => {
  describe('messages are imported', needing(missing), () => {
    const opened: MsiloTable[] = [];
    let folder: TemporaryFolder;
    beforeEach(() => {
      folder = temporaryFolder('silo-import');
    });
    afterEach(async () => {
      for (const table of opened.splice(0)) await table.drop();
      folder.remove();
    });
    async function open(version: MsiloVersion = 'kamailio 8', table?: string): Promise<MsiloTable> {
      const made = await msiloTable(engine, version, table === undefined ? {} : { table });
      opened.push(made);
      return made;
    }
    const bodies = async (table: MsiloTable) =>
      (await table.stored('select body from silo order by id')).map(({ body }) =>
        Buffer.from(body as Uint8Array).toString(),
      );

    test.each(VERSIONS)('of a table of %s, once', async (version) => {
      const source = await open(version);
      await source.insert(hello(1), hello(2), hello(3));
      const first = await runImportCommand(source);
      expect(first.exit, first.stderr).toEqual({ code: 0, signal: null });
      expect(first.stdout).toMatch(/^imported +3\n {2}repaired +0\nskipped +0\nrefused +0$/m);
      expect(await bodies(source)).toEqual(['hello 1', 'hello 2', 'hello 3']);

      await source.insert(hello(4));
      const second = await importHere(source);
      expect(second.stdout).toMatch(/^imported +1$/m);
      expect(second.stdout).toContain('  3 imported before (id 1, 2, 3)\n');
      expect(await bodies(source)).toEqual(['hello 1', 'hello 2', 'hello 3', 'hello 4']);
    });

    test('with headers and Call-ID as they were, whatever the connection that wrote them', async () => {
      const source = await open();
      await source.insert({
        src_addr: 'sip:alice@example.org',
        extra_hdrs: 'Reply-To: <sip:alice@example.org>\r\nX-Name: Ålïce\r\n',
        callid: 'one@192.0.2.1',
      });
      await importHere(source);
      const [row] = await source.stored('select callid, extra_hdrs, box, src_addr from silo');
      expect({ ...row, extra_hdrs: Buffer.from(row?.['extra_hdrs'] as string).toString() }).toEqual({
        callid: 'one@192.0.2.1',
        extra_hdrs: 'Reply-To: <sip:alice@example.org>\r\nX-Name: Ålïce\r\n',
        box: 'bob@example.org',
        src_addr: 'sip:alice@example.org',
      });
    });

    test('with a report of what was repaired, skipped and refused, also as a file', async () => {
      const source = await open();
      await source.insert(
        hello(1),
        { body: Buffer.from(CPIM) },
        { exp_time: now() - 1 },
        { username: '' },
        { body: Buffer.from([0xff, 0xfe]) },
        { body: Buffer.alloc(15_000, 'x') },
        { snd_time: now() + 600 },
        { username: ' ' },
      );
      const report = join(folder.path, 'report.json');
      const run = await importHere(source, ['--report', report]);
      expect(run.exit).toEqual({ code: 2, signal: null });
      const text = run.stdout.split('\n').slice(2).join('\n');
      expect(text).toMatch(
        /^imported +3\n {2}1 to be sent at a set time\n {2}repaired +1\n {4}1 message\/cpim/m,
      );
      expect(text).toMatch(/^skipped +1\n {2}1 expired\n {4}id 3: 20/m);
      expect(text).toContain(
        `  2 recipient that can't be read\n    id 4: "" at "example.org"\n    id 8: " " at`,
      );
      expect(text).toContain('  1 body that is not UTF-8 text, or holds a NUL\n    id 5: 2 bytes\n');
      expect(text).toMatch(
        / {2}1 too large for drachtio\n {4}id 6: Body and headers have 15\d+ bytes, at most/,
      );

      const written = JSON.parse(readFileSync(report, 'utf8')) as JsonReport;
      expect(written).toMatchObject({
        imported: 3,
        complete: true,
        skipped: 1,
        refused: 4,
        rows: 8,
        table: 'silo',
      });
      expect(written.refusals.map(({ kind, rows }) => [kind, rows.map(({ id }) => id)])).toEqual([
        ['recipient', [4, 8]],
        ['text', [5]],
        ['size', [6]],
      ]);
      const rows = await source.stored('select ctype, snd_time, next_time from silo order by id');
      expect(rows.map(({ ctype }) => ctype)).toEqual(['text/plain', 'message/cpim', 'text/plain']);
      expect(Number(rows[2]?.['snd_time'])).toBeGreaterThan(now() + 500);
      expect(rows[2]?.['next_time']).toBe(rows[2]?.['snd_time']);
    });

    test('not in a dry run, which says what would be done and makes nothing', async () => {
      const source = await open();
      await source.insert(hello(1), hello(2));
      const dry = await importHere(source, ['--dry-run']);
      expect(dry.exit).toEqual({ code: 0, signal: null });
      expect(dry.stdout).toContain('a dry run: nothing was stored');
      expect(dry.stdout).toMatch(/^would import +2$/m);
      await expect((async () => source.stored('select count(*) from silo'))()).rejects.toThrow();

      await importHere(source);
      await source.insert(hello(3));
      const again = await importHere(source, ['--dry-run']);
      expect(again.stdout).toMatch(/^would import +1$/m);
      expect(again.stdout).toContain('2 imported before');
      expect(await bodies(source)).toEqual(['hello 1', 'hello 2']);
    });

    test('from a table and columns of other names', async () => {
      const source = await open('kamailio 7', 'offline');
      await source.sql('alter table offline rename column src_addr to sender');
      await source.sql('alter table offline rename column body to `text`');
      await source.sql(
        `insert into offline (sender, dst_addr, username, domain, inc_time, exp_time, \`text\`)
           values ('sip:carol@example.org', 'sip:bob@example.org', 'bob', 'example.org', ${now()}, ${now() + 99}, 'hello 1')`,
      );
      const run = await importHere(source, [
        ...['--table', 'offline', '--columns', 'sc_from=sender,sc_body=text'],
      ]);
      expect(run.exit, run.stderr).toEqual({ code: 0, signal: null });
      expect(await source.stored('select src_addr from silo')).toEqual([
        { src_addr: 'sip:carol@example.org' },
      ]);
      expect(await bodies(source)).toEqual(['hello 1']);
    });

    test.each([
      [['--table', 'offline'], /has no table offline that this user may read: name it with --table/],
      [['--columns', 'sc_from=sender'], /has no column sender; it has id, src_addr, .*: --columns sc_from=…/],
      [['--columns', 'sc_stored_hdrs=headers'], /has no column headers; .*sc_stored_hdrs=…/],
      [['--report', '/nowhere/report.json'], /The report can't be written to \/nowhere\/report.json/],
    ])('or not, with a sentence: %j', async (args, sentence) => {
      const source = await open();
      const run = await importHere(source, args);
      expect(run.exit).toEqual({ code: 1, signal: null });
      expect(run.stderr).toContain('drachtio-silo import: ');
      expect(run.stderr).toMatch(sentence);
    });

    test('but never from the store itself, under whatever name', async () => {
      const source = await open();
      await source.insert(hello(1));
      const other = engine === 'MariaDB' ? source.url.replace('127.0.0.1', 'localhost') : source.url;
      for (const store of [source.url, other]) {
        const run = await importHere({ url: source.url, store });
        expect(run.exit).toEqual({ code: 1, signal: null });
        expect(run.stderr).toContain("is drachtio-silo's own, whose rows are delivered as they are");
      }
    });

    test('while an application runs on the store: sent at once, in order', { timeout: 60_000 }, async () => {
      const source = await open();
      const app = await startApp({ SILO_STORE: source.store });
      const bob = await Phone.start('bob', { server: app.server });
      await bob.register();
      await source.insert(...Array.from({ length: 50 }, (_, index) => hello(index + 1)));
      expect((await runImportCommand(source, ['--batch', '7'])).exit.code).toBe(0);
      await bob.received(50);
      expect(bob.texts).toEqual(Array.from({ length: 50 }, (_, index) => `hello ${index + 1}`));
      expect(bob.messages[0]?.header('From')).toMatch(/^<sip:alice@example\.org>;tag=/);
      // What a second run imports is what has come since, and no more.
      await source.insert(hello(51));
      await importHere(source);
      await bob.received(51);
      await nothingMore(bob);
      expect(bob.texts.at(-1)).toBe('hello 51');
      expect(bob.messages).toHaveLength(51);
      bob.close();
      expect(await app.process.stop()).toEqual({ code: 0, signal: null });
    });

    test('while the source is written to: each of them once', { timeout: 60_000 }, async () => {
      const source = await open();
      await source.insert(...Array.from({ length: 5_000 }, (_, index) => hello(index + 1)));
      const run = await startImportCommand(source, ['--batch', '200']);
      const over = run.exited.then(() => true);
      for (let next = 5_001; !(await Promise.race([over, sleep(5, false)])); next++)
        await source.insert(hello(next));
      expect((await run.exited).code, run.stderr).toBe(0);
      const first = await bodies(source);
      expect(first.length).toBeGreaterThanOrEqual(5_000);
      await importHere(source);
      const [count] = await source.sql('select count(*) as n from silo');
      const all = Array.from({ length: Number(count?.['n']) }, (_, index) => `hello ${index + 1}`);
      expect(all.length).toBeGreaterThan(5_000);
      expect(first).toEqual(all.slice(0, first.length));
      expect(await bodies(source)).toEqual(all);
    });

    test('as far as it came when Ctrl-C is pressed; the next run goes on', { timeout: 120_000 }, async () => {
      const source = await open();
      const rows = 20_000;
      await source.insert(...Array.from({ length: rows }, (_, index) => hello(index + 1)));
      const run = await startImportCommand(source, ['--batch', '100']);
      await expect
        .poll(
          () =>
            source
              .stored('select count(*) as n from silo')
              .then(([row]) => Number(row?.['n']))
              .catch(() => 0),
          {
            timeout: 30_000,
          },
        )
        .toBeGreaterThan(0);
      run.kill('SIGINT');
      expect(await run.exited).toEqual({ code: 1, signal: null });
      expect(run.stderr).toContain('Stopping after this batch');
      expect(run.stdout).toContain('Stopped before the end: run it again, and it goes on.');
      const [before] = await source.stored('select count(*) as n from silo');
      expect(Number(before?.['n']) % 100).toBe(0);
      expect(Number(before?.['n'])).toBeLessThan(rows);

      const next = await importHere(source);
      expect(next.exit.code).toBe(0);
      expect(next.stdout).toContain(`${Number(before?.['n']).toLocaleString('en')} imported before`);
      expect(await bodies(source)).toEqual(Array.from({ length: rows }, (_, index) => `hello ${index + 1}`));
    });
  });
});

describe('what MariaDB does to text', needing(mariadbMissing()), () => {
  test('UTF-8 in a column of latin1, and latin1 itself, are read as they were meant', async () => {
    const source = await msiloTable('MariaDB');
    try {
      await source.sql('alter table silo modify extra_hdrs text character set latin1');
      await source.insert({ extra_hdrs: 'Subject: grün\r\n' });
      // As a Kamailio on a connection of latin1 writes it: the bytes of UTF-8, taken for latin1.
      await source.insert({ extra_hdrs: Buffer.from('Subject: blau und grün 愛\r\n') });
      expect((await importHere(source)).exit.code).toBe(0);
      const rows = await source.stored('select extra_hdrs from silo order by id');
      expect(rows.map((row) => Buffer.from(row['extra_hdrs'] as Uint8Array).toString())).toEqual([
        'Subject: grün\r\n',
        'Subject: blau und grün 愛\r\n',
      ]);
    } finally {
      await source.drop();
    }
  });

  test.each(['utf32', 'utf16', 'utf16le', 'ucs2', 'latin2', 'cp1250'])(
    'a table of %s is read as it was meant, in every column',
    async (charset) => {
      const source = await msiloTable('MariaDB');
      try {
        await source.sql(`alter table silo convert to character set ${charset}`);
        await source.insert({
          src_addr: 'sip:alice@example.org',
          username: 'bož',
          extra_hdrs: 'Subject: žluťoučký\r\n',
          body: Buffer.from('hello ž'),
        });
        await source.insert({ username: '' });
        const run = await importHere(source);
        // A row without a recipient is refused, and the exit code says so.
        expect(run.exit, run.stdout).toEqual({ code: 2, signal: null });
        const [row] = await source.stored('select src_addr, box, body, extra_hdrs, ctype from silo');
        const text = (value: unknown) => Buffer.from(value as Uint8Array).toString();
        expect({ ...row, body: text(row?.['body']), extra_hdrs: text(row?.['extra_hdrs']) }).toEqual({
          src_addr: 'sip:alice@example.org',
          box: 'bo%C5%BE@example.org',
          body: 'hello ž',
          extra_hdrs: 'Subject: žluťoučký\r\n',
          ctype: 'text/plain',
        });
      } finally {
        await source.drop();
      }
    },
  );

  test('addresses and types that fill their column are told', async () => {
    const source = await msiloTable('MariaDB', 'kamailio 7');
    try {
      const long = `sip:${'a'.repeat(110)}@example.org;user=phone`.slice(0, 128);
      await source.insert({
        src_addr: long,
        dst_addr: long,
        ctype: 'application/vnd.example.x.y.z-longer'.slice(0, 32),
      });
      const run = await importHere(source);
      expect(run.stdout).toMatch(/^imported +1\n {2}repaired +1$/m);
      for (const words of ['Content-Type that was probably cut', 'sender that was cut', 'To that was cut'])
        expect(run.stdout).toContain(`    1 ${words}`);
      expect(await source.stored('select src_addr, dst_addr from silo')).toEqual([
        { src_addr: `sip:${'a'.repeat(110)}@example.org`, dst_addr: 'sip:bob@example.org' },
      ]);
    } finally {
      await source.drop();
    }
  });

  test('a user who may only read is enough, and a password never shows', async () => {
    const source = await msiloTable('MariaDB');
    try {
      const database = source.url.replace(/^.*\//, '');
      await source.sql(`create user reader_${database}@'127.0.0.1' identified by 'se@cret'`);
      await source.sql(`grant select on ${database}.* to reader_${database}@'127.0.0.1'`);
      await source.insert(hello(1));
      const url = source.url.replace(/\/\/.*@/, `//reader_${database}:se%40cret@`);
      const run = await importHere({ url, store: source.store });
      expect(run.exit, run.stderr).toEqual({ code: 0, signal: null });
      expect(run.stdout + run.stderr).not.toContain('cret');
      const wrong = await importHere({ url: url.replace('se%40cret', 'guess'), store: source.store });
      expect(wrong.stderr).toMatch(
        /can't be reached \(.*Access denied.*\): check host, port, user and password/,
      );
      expect(wrong.stderr).not.toContain('guess');
      await source.sql(`drop user reader_${database}@'127.0.0.1'`);
    } finally {
      await source.drop();
    }
  });
});

describe('the command line', () => {
  const run = async (...args: readonly string[]) => {
    const started = await startProcess(process.execPath, ['dist/app.js', ...args], {
      env: { SILO_STORE: 'sqlite::memory:' },
    });
    return { ...(await started.exited), stdout: started.stdout, stderr: started.stderr };
  };

  test('--help and --version', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('import <url>') as string,
    });
    expect(await run('import', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--dry-run') as string,
    });
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await run('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test.each([
    [['import'], "missing required argument 'url'"],
    [['import', 'sqlite:a', 'b'], 'too many arguments'],
    [['import', 'sqlite:a', '--fast'], "unknown option '--fast'"],
  ])('%j: exit code 1, a sentence and what is possible', async (args, sentence) => {
    const { exit, stdout, stderr } = await commandHere(args);
    expect([exit.code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`drachtio-silo: ${sentence}`);
    expect(stderr).toContain('Usage: drachtio-silo import <url> [options]');
  });

  test.each([
    [['--batch', '0'], '--batch is "0", wanted is a number from 1'],
    [['--columns', 'from=x'], '--columns has "from=x", wanted is <parameter>=<name'],
  ])('import %j: exit code 1 and a sentence', async (args, sentence) => {
    const { exit, stderr } = await commandHere(['import', 'sqlite:a', ...args]);
    expect(stderr).toContain(`drachtio-silo import: ${sentence}`);
    expect(exit.code).toBe(1);
  });

  test.each([
    ['oracle://x', `The source "oracle://x" can't be read: wanted is mysql://`],
    ['sqlite:/nowhere/kamailio.db', `The SQLite file /nowhere/kamailio.db can't be read`],
    ['mysql://u:pw@127.0.0.1:1/x', `mysql://127.0.0.1:1/x can't be reached`],
  ])('%s: exit code 1 and a sentence', async (url, sentence) => {
    const { code, stderr } = await run('import', url);
    expect(code).toBe(1);
    expect(stderr).toContain(`drachtio-silo import: ${sentence}`);
    expect(stderr).not.toContain('pw@');
  });
});
