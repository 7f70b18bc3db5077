/** No statement that runs often goes through a whole table: each that the store sends is explained, on tables of some size. */
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { relayTo, type Relay } from '../../support/statements.ts';
import { EVERY_METHOD } from '../contract/every-method.ts';
import { expectPurged } from '../contract/purge-all.ts';
import { FILLED, ROWS, fillingOf } from '../contract/filling.ts';

/** Rows that a statement may look at where no index has them in order: the page of a sweep, some boxes. */
const FEW = ROWS / 8;

/** What may go through a table, and why. */
const EXCEPTIONS: readonly { readonly statement: RegExp; readonly why: string }[] = [
  { statement: /from silo_body_key order by id/, why: 'a row for each key that an operator has made' },
  { statement: /from silo_node order by node/, why: 'a row for each node' },
  { statement: /select 1 from subscriber limit 1/, why: 'one row is enough' },
  { statement: /silo_nonce_key/, why: 'a few rows, the keys of some days' },
  { statement: /delete from silo_node/, why: 'a row for each node' },
  {
    statement: /select outcome, count\(\*\) as n from silo_ledger/,
    why: 'counts all, by its index, for an operator; one that takes long is shared for ten times as long',
  },
];

interface Step {
  readonly table: string | null;
  readonly type: string | null;
  readonly rows: string | number | null;
  readonly Extra: string | null;
}

describe('the plans of MySQL', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let connection: Connection;
  let relay: Relay;
  beforeAll(async () => {
    const server = await sharedMariaDb();
    database = await server.createDatabase();
    await (await openStore(database.url)).close();
    connection = await mysql.createConnection({ uri: database.url, charset: 'utf8mb4_bin' });
    await connection.query("set session sql_mode = concat(@@sql_mode, ',PIPES_AS_CONCAT')");
    await connection.query(
      `create temporary table numbers (n int primary key) as select seq as n from seq_1_to_${ROWS}`,
    );
    for (const statement of fillingOf('unix_timestamp()', 'mysql')) await connection.query(statement);
    for (const table of await tables()) await connection.query(`analyze table ${table}`);
    relay = await relayTo(server.port);
  }, 120_000);
  afterAll(async () => {
    await relay.close();
    await connection.end();
    await database.drop();
  });

  const tables = async () => {
    const [rows] = await connection.query<RowDataPacket[]>(
      "show full tables where table_type = 'BASE TABLE'",
    );
    return rows.map((row) => String(Object.values(row)[0])).filter((table) => table !== 'numbers');
  };
  const counts = async () => {
    const found = new Map<string, number>();
    for (const table of await tables()) {
      const [[row]] = await connection.query<RowDataPacket[]>(`select count(*) as n from ${table}`);
      found.set(table, Number(row?.['n']));
    }
    return found;
  };

  const isFull = ({ table, type, rows, Extra }: Step) =>
    table !== null &&
    !table.startsWith('<') &&
    Number(rows ?? 0) > FEW &&
    (type === 'ALL' || type === 'index' || /filesort|temporary/.test(Extra ?? ''));

  test('no statement of any method goes through a whole table, or sorts one', async () => {
    const { port } = new URL(database.url);
    const store = await openStore(database.url.replace(`:${port}/`, `:${relay.port}/`), {
      now: () => FILLED.now,
    });
    const bad = new Map<string, string>();
    const explained = new Set<string>();
    for (const [method, call] of Object.entries(EVERY_METHOD)) {
      relay.statements.length = 0;
      await call(store, FILLED);
      for (const statement of relay.statements.flatMap((packet) => packet.split(';\n'))) {
        const shape = `${method}: ${shapeOf(statement)}`;
        if (explained.has(shape) || !/^\s*(select|update|delete|insert|replace)\b/.test(statement)) continue;
        explained.add(shape);
        if (EXCEPTIONS.some((exception) => exception.statement.test(statement))) continue;
        const [plan] = await connection.query<(Step & RowDataPacket)[]>(`explain ${statement}`);
        const full = plan.filter(isFull);
        if (full.length > 0)
          bad.set(
            shape,
            full.map(({ table, type, rows, Extra }) => `${table} ${type} ${rows} ${Extra}`).join('; '),
          );
      }
    }
    await store.close();
    expect(Object.fromEntries(bad)).toEqual({});
    expect(explained.size).toBeGreaterThan(100);
  }, 120_000);

  test('every table has something that takes its rows away, or a bound', async () => {
    await connection.query('update silo_lease set ends = 1');
    await connection.query('update silo_node set seen = 1');
    await connection.query('update silo_forget set at = 1');
    // Those of the filling were summed up by the test above.
    await connection.query(
      "insert into silo_usage_change (domain, messages, bytes) select 'domain' || n, 1, 1 from numbers",
    );
    // Some of each will do.
    for (const [table, rows] of await counts())
      if (rows > 2000) await connection.query(`delete from ${table} limit ${rows - 2000}`);
    // What is known of a domain goes with its turn, which may be one of those that were just cut off.
    await connection.query(
      "delete from silo_usage where concat('@', domain) not in (select name from silo_turn)",
    );
    const store = await openStore(database.url, { now: () => FILLED.now });
    await expectPurged(store, counts);
    await store.close();
  }, 120_000);
});

/** A statement without its values. */
function shapeOf(statement: string): string {
  return statement
    .replace(/'(?:[^'\\]|\\.|'')*'/g, '?')
    .replace(/\b\d+\b/g, '?')
    .replace(/\?(?:\s*,\s*\?)+/g, '?')
    .replace(/\s+/g, ' ');
}
