/** Sending phones away: after a lost connection, at a start and at a stop, along the drawing above the class. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Deactivation } from '../../../lib/mwi/notify/deactivate.ts';
import { openStore } from '../../../lib/stores/open.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { mwiContext, Wire } from '../context.ts';
import { until } from '../../support/until.ts';
import { DISCONNECTED, answerOf } from './answers.ts';
import { ROW } from './row.ts';

let store: Store;
let wire: Wire;
let context: ReturnType<typeof mwiContext>;
let deactivation: Deactivation;
beforeEach(async () => {
  store = await openStore('sqlite::memory:', { now: () => 1000 });
  wire = new Wire();
  context = mwiContext({ store, wire, now: () => 1000, settings: { node: 'node', spread: 60_000 } });
  deactivation = new Deactivation(context);
});
afterEach(() => store.close());

const rowOf = (name: string) => ({ ...ROW, id: name, callId: name, device: name });

/** Subscriptions that are served, each with its first NOTIFY. */
async function serve(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const row = rowOf(`phone-${i}`);
    await store.subscribe(row);
    const subscription = context.subscriptions.create(row);
    subscription.stored();
    subscription.answered();
  }
  await until(() => wire.sent.length === count);
}
const ends = () =>
  wire.sent
    .map(({ headers }) => headers['Subscription-State'])
    .filter((state) => !state!.startsWith('active'));

test('a stop breaks off what a lost connection began, and sends all away that are left, once', async () => {
  await serve(5);
  const begun = deactivation.reconnected();
  await until(() => ends().length === 2);
  deactivation.beginToClose();
  await begun;
  expect(ends()).toHaveLength(2);
  expect(deactivation.closing).toBe(true);
  await deactivation.close();
  expect(ends()).toEqual(Array(5).fill('terminated;reason=deactivated'));
  expect(context.served.size).toBe(0);
  expect(await store.subscribedRuns('one')).toEqual([]);
});

test('at a start the phones of an earlier run are told: those whose time is over so, the others to come back', async () => {
  const earlier = { node: 'node', run: 'earlier' };
  await store.subscribe({ ...rowOf('here'), ...earlier });
  await store.subscribe({ ...rowOf('late'), ...earlier, expires: 1000, updated: 500 });
  await store.subscribe({ ...rowOf('ours'), node: 'node' });
  await deactivation.deactivatePreviousRun();
  await context.subscriptions.quiet();
  expect(ends()).toEqual(['terminated;reason=timeout', 'terminated;reason=deactivated']);
  expect(await store.subscriptionIds([ROW.mailbox])).toEqual(new Set(['ours']));
});

test('a last NOTIFY that was lost with the connection is sent again when that is back, once', async () => {
  await serve(1);
  wire.answer = DISCONNECTED;
  await deactivation.reconnected();
  await context.subscriptions.quiet();
  expect(await store.subscriptionIds([ROW.mailbox])).toEqual(new Set(['phone-0']));
  wire.answer = answerOf(200);
  await deactivation.reconnected();
  await deactivation.reconnected();
  await context.subscriptions.quiet();
  expect(ends()).toHaveLength(2);
  expect(await store.subscriptionIds([ROW.mailbox])).toEqual(new Set());
});

test('steps that the drawing does not have are refused; once closing, nothing new begins', async () => {
  await serve(1);
  await expect(deactivation.close()).rejects.toThrow('"close" is no step from "open", only from "closing"');
  deactivation.beginToClose();
  expect(() => deactivation.beginToClose()).toThrow('"beginToClose" is no step from "closing"');
  await deactivation.reconnected();
  await deactivation.deactivate([rowOf('taken over')]);
  expect(ends()).toEqual([]);
  await deactivation.close();
  await expect(deactivation.close()).rejects.toThrow('no step from "closed"');
});
