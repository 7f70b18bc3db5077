import { existsSync } from 'node:fs';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mariadbMissing, startMariaDb, type TestMariaDb } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';

async function query(url: string, statement: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows;
  } finally {
    await connection.end();
  }
}

describe('a MariaDB of our own', needing(mariadbMissing()), () => {
  let mariadb: TestMariaDb;
  beforeAll(async () => {
    mariadb = await startMariaDb();
  });
  afterAll(() => mariadb.stop());

  test('keeps what was committed through kill -9 and another start', async () => {
    const { url } = await mariadb.createDatabase();
    await query(url, 'create table kept (word varchar(20))');
    await query(url, `insert into kept values ('committed')`);
    mariadb.kill('SIGKILL');
    await mariadb.down();
    await expect(query(url, 'select word from kept')).rejects.toThrow();
    await mariadb.start();
    expect(await query(url, 'select word from kept')).toEqual([{ word: 'committed' }]);
  });

  test('gives each test a database that knows nothing of the others', async () => {
    const one = await mariadb.createDatabase('same');
    const other = await mariadb.createDatabase('same');
    await query(one.url, 'create table here (id int)');
    expect(await query(one.url, 'show tables')).toHaveLength(1);
    expect(await query(other.url, 'show tables')).toHaveLength(0);
    await one.drop();
    await expect(query(one.url, 'select 1')).rejects.toThrow(/Unknown database/);
  });

  test('hangs while it is frozen and goes on afterwards', async () => {
    const { url } = await mariadb.createDatabase();
    mariadb.kill('SIGSTOP');
    const answer = query(url, 'select 1 as one');
    mariadb.kill('SIGCONT');
    expect(await answer).toEqual([{ one: 1 }]);
  });

  test('takes arguments and removes its folder at the end', async () => {
    const small = await startMariaDb({ args: ['--max-connections=11'] });
    const [row] = await query(small.url(''), 'select @@max_connections as most, @@datadir as folder');
    expect(row?.['most']).toBe(11);
    const folder = String(row?.['folder']);
    expect(existsSync(folder)).toBe(true);
    await small.stop();
    expect(existsSync(folder)).toBe(false);
  });

  test('is shared by the files of a run that only want a database', async () => {
    const first = await sharedMariaDb();
    const second = await sharedMariaDb();
    expect(second.port).toBe(first.port);
    const database = await first.createDatabase('tooling');
    expect(await query(database.url, 'select database() as name')).toEqual([{ name: database.name }]);
    await database.drop();
  });
});
