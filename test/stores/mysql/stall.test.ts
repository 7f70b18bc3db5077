/** What a long pause has left expires on MariaDB while the application serves, in slices that hold nothing for long. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { fillMariaDb } from '../../support/full-mariadb.ts';
import { mariadbMissing } from '../../support/mariadb.ts';
import type { TestDatabase } from '../../support/mariadb-database.ts';
import { needing } from '../../support/needing.ts';
import { startNode } from '../../support/node.ts';
import { Phone } from '../../support/phone.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { longestStall } from '../../support/stall.ts';

const ROWS = 20_000;
/** Milliseconds; what a busy machine takes from us is in it. */
const STALL = 500;

describe('20,000 expired messages in MariaDB', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let other: Connection;
  beforeEach(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    const expTime = Math.floor(Date.now() / 1000) - 60;
    await fillMariaDb(database.url, [{ rows: ROWS, boxes: ROWS / 5, expTime }]);
    other = await createConnection(database.url);
  });
  afterEach(async () => {
    await other.end();
    await database.drop();
  });
  const start = () => startNode({ storeUrl: database.url, silo: { checkTime: 0.1 } });

  test('go while MESSAGEs are answered, and whoever wants one of the rows gets it', async () => {
    const node = await start();
    const alice = await Phone.start('alice', { server: node.server });
    let ended = 0;
    node.silo.events.on('ended', () => ended++);
    const statuses: number[] = [];
    let slowest = 0;
    try {
      const stall = await longestStall(async () => {
        while (ended < ROWS) {
          const asked = performance.now();
          statuses.push((await alice.message('bob', `text ${statuses.length}`)).status);
          await other.query(`update silo set status = status + 1 where id = ${ROWS - statuses.length}`);
          slowest = Math.max(slowest, performance.now() - asked);
          await sleep(50);
        }
      });
      expect(new Set(statuses)).toEqual(new Set([202]));
      expect(stall).toBeLessThan(STALL);
      expect(slowest).toBeLessThan(2000);
    } finally {
      alice.close();
      await node.close();
    }
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
    const node = await start();
    await new Promise<void>((resolve) => node.silo.events.on('ended', () => resolve()));
    const begun = performance.now();
    await node.close();
    expect(performance.now() - begun).toBeLessThan(3000);
    const store = await openStore(database.url);
    const { waiting, expired } = await store.ledger();
    expect(waiting).toBeGreaterThan(0);
    expect(waiting + expired).toBe(ROWS);
    await store.close();
  }, 60_000);
});
