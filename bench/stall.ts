/**
 * `npm run bench -- --stall`: how long the event loop of a node stands still, on SQLite and on MariaDB: while it starts with `--rows=N`
 * (default 1,000,000) messages in a fifth as many boxes, and while it takes away a tenth as many that have expired, with
 * ten MESSAGEs a second coming in. `--on=mariadb` or `--on=sqlite` leaves the other one out.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillMariaDb } from '../test/support/full-mariadb.ts';
import { fillSqlite, type Filling } from '../test/support/full-sqlite.ts';
import { LoadPhone } from '../test/support/load-phone.ts';
import { mariadbMissing, startMariaDb } from '../test/support/mariadb.ts';
import { startNode, type TestNode } from '../test/support/node.ts';
import { longestStall } from '../test/support/stall.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { ms, rateOf, table, whole } from './figures.ts';

const EVERY_MS = 100;

/** @param on `sqlite`, `mariadb`, or both */
export async function stall(rows: number, on: string): Promise<void> {
  if (on !== 'mariadb') await onSqlite(rows);
  if (on !== 'sqlite') await onMariaDb(rows);
}

async function onSqlite(rows: number): Promise<void> {
  const folder = temporaryFolder('silo-stall');
  try {
    const path = join(folder.path, 'silo.db');
    console.log(`\nSQLite: making ${asWords(rows)} …`);
    await fillSqlite(path, fillings(rows));
    console.log(await measure(`sqlite:${path}`, rows));
  } finally {
    folder.remove();
  }
}

async function onMariaDb(rows: number): Promise<void> {
  const missing = mariadbMissing();
  if (missing !== undefined) {
    console.log(`MariaDB is left out. ${missing}`);
    return;
  }
  // As much memory as a table of this size is given in life.
  const mariadb = await startMariaDb({
    args: ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'],
  });
  try {
    const { url } = await mariadb.createDatabase();
    console.log(`\nMariaDB: making ${asWords(rows)} …`);
    await fillMariaDb(url, fillings(rows));
    console.log(await measure(url, rows));
  } finally {
    await mariadb.stop();
  }
}

function fillings(rows: number): readonly Filling[] {
  const now = Math.floor(Date.now() / 1000);
  const expired = expiredOf(rows);
  return [
    { rows, boxes: Math.round(rows / 5), expTime: now + 86_400 },
    { rows: expired, boxes: Math.round(expired / 5), expTime: now - 60 },
  ];
}

function expiredOf(rows: number): number {
  return Math.round(rows / 10);
}

function asWords(rows: number): string {
  return `${whole(rows)} messages and ${whole(expiredOf(rows))} expired ones`;
}

async function measure(storeUrl: string, rows: number): Promise<string> {
  const expired = expiredOf(rows);
  let node: TestNode | undefined;
  const begun = performance.now();
  const starting = await longestStall(async () => {
    node = await startNode({ storeUrl, silo: { checkTime: 2 } });
  });
  if (!node) throw new Error('the node did not start');
  const started = performance.now() - begun;
  const phone = await LoadPhone.start('alice@example.org', node.server);
  try {
    const durations: number[] = [];
    let ended = 0;
    let last = performance.now();
    node.silo.events.on('ended', () => {
      ended++;
      last = performance.now();
    });
    const since = performance.now();
    const purging = await longestStall(async () => {
      const answers: Promise<void>[] = [];
      for (let count = 0; ended < expired || count < 50; count++) {
        const asked = performance.now();
        answers.push(
          phone.message(`away${count}@example.org`, 'x'.repeat(200)).then((status) => {
            if (status !== 202) throw new Error(`an answer was ${status}, wanted was 202`);
            durations.push(performance.now() - asked);
          }),
        );
        await sleep(EVERY_MS);
      }
      await Promise.all(answers);
    });
    const answered = rateOf(durations, 1);
    return table(
      ['', ''],
      [
        [`start with ${whole(rows)} messages`, `${(started / 1000).toFixed(1)} s`],
        ['  longest stall of the event loop', `${starting.toFixed(0)} ms`],
        [`${whole(expired)} expired ones taken away in`, `${((last - since) / 1000).toFixed(1)} s`],
        ['  longest stall of the event loop', `${purging.toFixed(0)} ms`],
        ['  MESSAGE to 202, p50 / p99', ms(answered)],
        ['  the slowest', `${Math.max(...durations).toFixed(0)} ms`],
      ],
    );
  } finally {
    phone.close();
    await node.close();
  }
}
