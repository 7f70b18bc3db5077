/** docs/backing-up.md, its commands as they stand there: a backup, a delivery, the old backup again in quarantine. */
import { createConnection } from 'mysql2/promise';
import { afterEach, describe, expect, test } from 'vitest';
import { findCommand } from '../support/find-command.ts';
import { freePort } from '../support/free-port.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { ROOT_PASSWORD } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import type { RunningProcess } from '../support/process.ts';
import { caughtUp, nothingMore } from '../support/sentinel.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { operator, pageUnderTest, type Operator } from './page-under-test.ts';

const PAGE = 'docs/backing-up.md';
const { example, left } = pageUnderTest(PAGE);
const DOMAIN = 'example.org';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const sqliteMissing = () =>
  findCommand('sqlite3') === undefined
    ? 'sqlite3 is missing; install it: apt-get install sqlite3'
    : undefined;

/** An operator, and an application of his that is started and stopped. */
async function scene(store: string) {
  const server = { host: '127.0.0.1', port: await freePort() };
  const env = {
    SILO_STORE: store,
    SILO_SIP_LISTEN: `${server.host}:${server.port}`,
    SILO_HTTP_TOKEN: 'a-token-that-nobody-guesses',
  };
  const at = operator(env);
  ends.push(at.remove);
  const phone = async (name: string): Promise<Phone> => {
    const made = await Phone.start(name, { server, domain: DOMAIN });
    ends.push(() => made.close());
    return made;
  };
  const start = async (command = 'drachtio-silo start'): Promise<RunningProcess> => {
    const app = await at.start(command, { SILO_HTTP_LISTEN: '127.0.0.1:0' });
    ends.push(() => app.stop());
    await app.line('drachtio-silo ready', { timeoutMs: 30_000 });
    return app;
  };
  return { at, start, alice: await phone('alice'), bob: await phone('bob'), carol: await phone('carol') };
}

/** A backup holds a message that is delivered after it was made. */
async function deliveredSince(
  { start, alice, bob }: Awaited<ReturnType<typeof scene>>,
  backup: () => Promise<unknown>,
) {
  const app = await start();
  expect((await alice.message('bob', 'old')).status).toBe(202);
  await backup();
  await bob.register({ expires: 600 });
  await bob.received(1);
  await app.stop(15_000);
}

/** Somebody else is served from the beginning to the end, and Bob gets nothing more than he has. */
async function expectHeld(at: Operator, alice: Phone, bob: Phone, carol: Phone): Promise<void> {
  const had = bob.messages.length;
  expect((await bob.register({ expires: 600 })).status).toBe(200);
  expect((await alice.message('bob', 'new')).status).toBe(202);
  await carol.register({ expires: 600 });
  await caughtUp(carol);
  const { stdout } = await at.run('drachtio-silo box show bob@example.org --json');
  expect(JSON.parse(stdout)).toMatchObject({ waiting: 2, stuck: { reason: 'quarantine' } });
  expect(bob.messages.length).toBe(had);
}

test(
  'SQLite: an old backup is restored in quarantine, and each message comes once when it ends',
  { timeout: 90_000, ...needing(sqliteMissing()) },
  async () => {
    const all = await scene('sqlite:./silo.db');
    const { at, start, alice, bob, carol } = all;
    await deliveredSince(all, async () => {
      await at.run(example('sh', '.backup'));
      await at.run(example('sh', 'vacuum into'));
    });
    await at.run(example('sh', 'rm -f silo.db-wal'));
    const app = await start(example('sh', 'SILO_QUARANTINE=yes'));
    await app.line(example('text', 'In quarantine since').trimEnd());
    const line = await app.line('  Page, metrics and API: ');
    const metrics = `${/http:\/\/[\d.:]+/.exec(line)?.[0] ?? ''}/metrics`;
    const headers = { Authorization: 'Bearer a-token-that-nobody-guesses' };
    expect(await (await fetch(metrics, { headers })).text()).toContain(
      'silo_check_ok{check="quarantine"} 0\n',
    );
    await expectHeld(at, alice, bob, carol);
    const dry = await at.run('drachtio-silo quarantine end', 2);
    expect(dry.stdout).toContain('2 messages in 1 boxes would be sent');
    const end = await at.run(example('sh', 'quarantine end'), 0, { SILO_QUARANTINE: 'yes' });
    expect(end.stdout).toContain('take it away');
    await bob.received(3);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['old', 'old', 'new']);
    expect(await (await fetch(metrics, { headers })).text()).toContain(
      'silo_check_ok{check="quarantine"} 1\n',
    );
  },
);

describe('MariaDB', needing(mariadbMissing()), () => {
  test(
    'an old backup is restored in quarantine, and what was delivered is taken out',
    { timeout: 90_000 },
    async () => {
      const server = await sharedMariaDb();
      const database = await server.createDatabase();
      ends.push(() => database.drop());
      const { port, pathname } = new URL(database.url);
      const name = pathname.slice(1);
      const all = await scene(database.url);
      const { at, start, alice, bob, carol } = all;
      const withNames = (text: string) =>
        text
          .replace(
            '--user=silo --password=secret silo',
            `--port=${port} --user=root --password=${ROOT_PASSWORD} ${name}`,
          )
          .replace(/^ *mysql(?=(dump)? )/gm, (program) =>
            findCommand(program.trim()) ? program : program.replace('mysql', 'mariadb'),
          );
      const sql = async (text: string) => {
        const connection = await createConnection({ uri: database.url, multipleStatements: true });
        await connection.query(text);
        await connection.end();
      };
      await deliveredSince(all, () => at.run(withNames(example('sh', 'mysqldump'))));
      // What can still be read of the one that was lost.
      await sql(`create database ${name}_old; create table ${name}_old.silo_ledger like silo_ledger;
      insert into ${name}_old.silo_ledger select * from silo_ledger`);
      ends.push(() => sql(`drop database ${name}_old`));
      await at.run(withNames(example('sh', '< silo.sql')));
      await at.run(example('sh', 'quarantine begin'));
      await start();
      await expectHeld(at, alice, bob, carol);
      await sql(example('sql', 'old.silo_ledger').replace('old.', `${name}_old.`));
      expect((await alice.message('dave', 'to be thrown away')).status).toBe(202);
      const removing = example('sh', 'box remove').replaceAll('bob@', 'dave@');
      expect((await at.run(removing)).stdout).toContain('1 message of dave@example.org removed.');
      await at.run('drachtio-silo quarantine end --yes');
      await bob.received(2);
      await nothingMore(bob);
      expect(bob.texts).toEqual(['old', 'new']);
    },
  );
});

test.runIf(mariadbMissing() === undefined && sqliteMissing() === undefined)('no example is left out', () => {
  expect(left()).toEqual([]);
});
