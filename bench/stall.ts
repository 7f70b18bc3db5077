/**
 * `npm run bench -- --stall`: how long the event loop of a node stands still, on SQLite and on MariaDB: while it starts with `--rows=N`
 * (default 1,000,000) messages in a fifth as many boxes, and while it takes away a tenth as many that have expired, with
 * ten MESSAGEs a second coming in. `--on=mariadb` or `--on=sqlite` leaves the other one out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Filling } from '../test/support/full-sqlite.ts';
import { LoadPhone } from '../test/support/load-phone.ts';
import { startNode, type TestNode } from '../test/support/node.ts';
import { longestStall } from '../test/support/stall.ts';
import { ms, rateOf, table, whole } from './figures.ts';
import { onFullStores } from './full.ts';

const EVERY_MS = 100;

/** @param on `sqlite`, `mariadb`, or both */
export async function stall(rows: number, on: string): Promise<void> {
  await onFullStores({
    name: 'silo-stall',
    on,
    what: asWords(rows),
    fillings: () => fillings(rows),
    measure: (url) => measure(url, rows),
  });
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
