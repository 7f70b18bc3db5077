/** docs/upgrading.md, its commands as they stand there, on a database that has to be upgraded and then back again. */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCommand } from '../support/find-command.ts';
import { freePort } from '../support/free-port.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { ROOT_PASSWORD, type TestDatabase } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { operator, pageUnderTest, type Operator } from './page-under-test.ts';

const { example, left } = pageUnderTest('docs/upgrading.md');

describe('docs/upgrading.md', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let at: Operator;
  let sip = '';
  beforeAll(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    sip = `127.0.0.1:${await freePort()}`;
    at = operator({ SILO_STORE: database.url, SILO_SIP_LISTEN: sip });
  }, 60_000);
  afterAll(async () => {
    at.remove();
    await database.drop();
  });

  async function sql(text: string): Promise<RowDataPacket[]> {
    const connection = await createConnection(database.url);
    try {
      return (await connection.query<RowDataPacket[]>(text))[0];
    } finally {
      await connection.end();
    }
  }
  const versions = async () =>
    (await sql('select version from silo_schema')).map(({ version }) => Number(version));
  const withNames = (text: string) =>
    text.replace(
      /mysql .* silo </,
      `${findCommand('mysql') ? 'mysql' : 'mariadb'} --host=127.0.0.1 --port=${new URL(database.url).port} ` +
        `--user=root --password=${ROOT_PASSWORD} ${new URL(database.url).pathname.slice(1)} <`,
    );

  test(
    'the steps are looked for, done by hand or by us, and the nodes are asked',
    { timeout: 90_000 },
    async () => {
      const [check = '', migrate = ''] = example('sh', '--check').split('\n');
      expect((await at.run(check, 2)).stdout).toContain('lacks');
      await at.run(withNames(example('sh', '--print')));
      const all = await versions();
      await at.run(check);
      // One step less, as in a database of the version before.
      await sql(`delete from silo_schema where version = ${Math.max(...all)}`);
      await at.run(check, 2);
      await at.run(migrate);
      expect(await versions()).toEqual(all);

      const http = `127.0.0.1:${await freePort()}`;
      const node = await at.start('drachtio-silo start', { SILO_HTTP_LISTEN: http, SILO_NODE: 'one' });
      await node.line('drachtio-silo ready', { timeoutMs: 30_000 });
      const asked = await at.run(example('sh', '/readyz').replace('127.0.0.1:8060', http));
      expect(asked.stdout).toMatch(/"ready"[^]*\bone\b/);
      await node.stop(15_000);
    },
  );

  test(
    'the way back: a start refuses what it does not know, and overlooks it when told so',
    { timeout: 90_000 },
    async () => {
      const last = Math.max(...(await versions()));
      await sql(`insert into silo_schema (version, name) values (${last + 1}, 'of a newer version')`);
      await sql('alter table silo add column of_a_newer_version int not null default 0');
      const refused = await at.run('drachtio-silo start', 1);
      expect(refused.stderr).toContain(example('text', 'newer version').trim());
      expect(refused.stderr).toContain(`this version of drachtio-silo knows steps up to ${last}`);
      await sql(example('sql', 'silo_schema').replace('12', String(last)));
      const node = await at.start('drachtio-silo start');
      await node.line('drachtio-silo ready', { timeoutMs: 30_000 });
      const sent = await at.run(
        `drachtio-silo send Hello --from alice@127.0.0.1 --to bob@127.0.0.1 --server ${sip}`,
      );
      expect(sent.stdout).toContain('202');
      await node.stop(15_000);
    },
  );

  test('no example is left out', () => {
    expect(left()).toEqual([]);
  });
});
