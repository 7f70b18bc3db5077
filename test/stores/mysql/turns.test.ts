import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { aMessage } from '../contract/messages.ts';

const RULES = {
  box: { messages: 5, bytes: 0 },
  domain: { messages: 0, bytes: 0 },
  overflow: 'reject',
  receipts: 0,
  replaces: [],
} as const;

describe('turns', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let connection: Connection;
  let store: Store;
  beforeAll(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    connection = await mysql.createConnection(database.url);
    store = await openStore(database.url, { now: () => 1000 });
  });
  afterAll(async () => {
    await store.close();
    await connection.end();
    await database.drop();
  });
  const turns = async () => {
    const [[row]] = await connection.query<RowDataPacket[]>('select count(*) as n from silo_turn');
    return Number(row?.['n']);
  };

  test('500 boxes that were used once leave no row behind, and what is being taken is not waited for', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => store.accept(aMessage(`u${n}@a.org`), RULES)));
    expect(await turns()).toBe(500);
    expect(await store.forgetTurns(1000, 200)).toBe(0);
    await connection.query('begin');
    await connection.query("update silo_turn set turn = turn + 1 where name = 'u7@a.org'");
    let forgotten = 0;
    for (let page = 1; page > 0;) forgotten += page = await store.forgetTurns(1001, 200);
    expect(forgotten).toBe(499);
    await connection.query('rollback');
    expect(await store.forgetTurns(1001, 200)).toBe(1);
    expect(await turns()).toBe(0);
  });
});
