/** What a long pause has left, 20,000 messages that have expired, goes while the application serves: the same on each database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { Phone } from '../../support/phone.ts';
import { longestStall } from '../../support/stall.ts';

export const ROWS = 20_000;
/** Milliseconds; what a busy machine takes from us is in it. */
const STALL = 500;

/** Rows for the fillers of test/support. */
export const expiredRows = () => [
  { rows: ROWS, boxes: ROWS / 5, expTime: Math.floor(Date.now() / 1000) - 60 },
];

const start = (storeUrl: string): Promise<TestNode> => startNode({ storeUrl, silo: { checkTime: 0.1 } });

/** @param meanwhile what somebody else does after each MESSAGE; told how many were sent */
export async function goWhileServing(
  storeUrl: string,
  meanwhile: (sent: number) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const node = await start(storeUrl);
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
        await meanwhile(statuses.length);
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
}

/** A stop in the midst of that is obeyed at once, and what is left is still there. */
export async function stopInTheMidst(storeUrl: string): Promise<void> {
  const node = await start(storeUrl);
  await new Promise<void>((resolve) => node.silo.events.on('ended', () => resolve()));
  const begun = performance.now();
  await node.close();
  expect(performance.now() - begun).toBeLessThan(3000);
  const store = await openStore(storeUrl);
  const { waiting, expired } = await store.ledger();
  expect(waiting).toBeGreaterThan(0);
  expect(waiting + expired).toBe(ROWS);
  await store.close();
}
