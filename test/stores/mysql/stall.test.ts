/** What a long pause has left expires on MariaDB while the application serves, in slices that hold nothing for long. */
import { createConnection, type Connection } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { fillMariaDb } from '../../support/full-mariadb.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { ROWS, expiredRows, goWhileServing, stopInTheMidst } from '../contract/long-pause.ts';

describe('20,000 expired messages in MariaDB', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let other: Connection;
  beforeEach(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    await fillMariaDb(database.url, expiredRows());
    other = await createConnection(database.url);
  });
  afterEach(async () => {
    await other.end();
    await database.drop();
  });
  test('go while MESSAGEs are answered, and whoever wants one of the rows gets it', async () => {
    await goWhileServing(database.url, (sent) =>
      other.query(`update silo set status = status + 1 where id = ${ROWS - sent}`),
    );
  }, 60_000);

  test('wait for nobody: a row that another program holds is left, and goes when it is free', async () => {
    await other.query('begin');
    await other.query(`select 1 from silo where id in (7, ${ROWS}) for update`);
    const store = await openStore(database.url);
    const expire = async () => {
      const pages: number[] = [];
      while (pages.at(-1) !== 0) pages.push((await store.expire(Math.floor(Date.now() / 1000), 500)).length);
      return pages;
    };
    // Whoever calls goes on as long as pages are full, so what is held must not make one shorter.
    const full = Math.floor(ROWS / 500) - 1;
    expect(await expire()).toEqual([...Array.from({ length: full }, () => 500), 498, 0]);
    await other.query('commit');
    expect(await expire()).toEqual([2, 0]);
    await store.close();
  }, 60_000);

  test('a stop in the midst of that is obeyed at once, and what is left goes at the next run', async () => {
    await stopInTheMidst(database.url);
  }, 60_000);
});
