import { readFileSync, readdirSync } from 'node:fs';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { NEEDED_COLUMNS } from '../../../lib/stores/shared/needed-columns.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { EVERY_METHOD } from '../contract/every-method.ts';
import { FILLED, ROWS, fillingOf } from '../contract/filling.ts';
import { aMessage } from '../contract/messages.ts';

const STEPS = readdirSync('sql/mysql').sort();

describe('the schema in MySQL', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let connection: Connection;
  beforeAll(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    connection = await mysql.createConnection({
      uri: database.url,
      multipleStatements: true,
      charset: 'utf8mb4_bin',
    });
  });
  afterAll(async () => {
    await connection.end();
    await database.drop();
  });

  test('a user who may only read and write is told what is missing, and starts when all steps were run by hand', async () => {
    await connection.query(
      `create user ${database.name}@'%' identified by 'pw';
       grant select, insert, update, delete on ${database.name}.* to ${database.name}@'%'`,
    );
    try {
      const url = database.url.replace('root:', `${database.name}:`);
      await expect(openStore(url)).rejects.toMatchObject({
        code: 'SILO_SCHEMA',
        message: expect.stringMatching(
          /step 1 .* failed: CREATE command denied .*docs\/stores\.md/s,
        ) as string,
      });
      for (const step of STEPS) await connection.query(readFileSync(`sql/mysql/${step}`, 'utf8'));
      const first = await openStore(url, { now: () => 1000 });
      await first.accept(aMessage('bob@example.org'));
      expect(await first.waiting('bob@example.org', 1000, 10)).toHaveLength(1);
      await first.close();
    } finally {
      await connection.query(`drop user ${database.name}@'%'`);
    }
  });

  test(
    'no method of the store needs a user who may more than read and write',
    { timeout: 120_000 },
    async () => {
      const own = await (await sharedMariaDb()).createDatabase();
      const admin = await mysql.createConnection({
        uri: own.url,
        multipleStatements: true,
        charset: 'utf8mb4_bin',
      });
      try {
        await (await openStore(own.url)).close();
        await admin.query(
          `create user ${own.name}@'%' identified by 'pw';
         grant select, insert, update, delete on ${own.name}.* to ${own.name}@'%';
         set session sql_mode = concat(@@sql_mode, ',PIPES_AS_CONCAT');
         create temporary table numbers (n int primary key) as select seq as n from seq_1_to_${ROWS}`,
        );
        for (const statement of fillingOf('unix_timestamp()', 'mysql')) await admin.query(statement);
        const store = await openStore(own.url.replace('root:', `${own.name}:`), { now: () => FILLED.now });
        for (const call of Object.values(EVERY_METHOD)) await call(store, FILLED);
        await store.close();
        await admin.query(`drop user ${own.name}@'%'`);
      } finally {
        await admin.end();
        await own.drop();
      }
    },
  );

  test('the columns that are needed are those that the steps make', async () => {
    await (await openStore(database.url)).close();
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      `select table_name as name, column_name as col from information_schema.columns
         where table_schema = database() order by ordinal_position`,
    );
    const made = new Map<string, string[]>();
    for (const row of rows) {
      const columns = made.get(String(row['name'])) ?? [];
      made.set(String(row['name']), [...columns, String(row['col'])]);
    }
    made.delete('silo_schema');
    // Kamailio's, unused.
    made.set(
      'silo',
      made.get('silo')!.filter((column) => column !== 'status'),
    );
    const sorted = (columns: readonly string[]) => [...columns].sort();
    expect(Object.fromEntries([...made].map(([table, columns]) => [table, sorted(columns)]))).toEqual(
      Object.fromEntries(
        Object.entries(NEEDED_COLUMNS.mysql).map(([table, columns]) => [table, sorted(columns.split(' '))]),
      ),
    );
  });

  test('docs/stores.md names every step for those who run them by hand', () => {
    const page = readFileSync('docs/stores.md', 'utf8');
    for (const step of STEPS) expect(page).toContain(`< sql/mysql/${step}`);
  });
});
