/** A device takes a message after its sender had been told that it is stored: the parts that meet then, without sockets. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { onLog } from '../../../lib/base/log.ts';
import { createLateDelivery, type LateDelivery } from '../../../lib/silo/deliver/late-delivery.ts';
import { createAcceptor, type Acceptor } from '../../../lib/silo/receive/accept.ts';
import { createOverload, type Overload } from '../../../lib/silo/receive/overload.ts';
import { createBoxes } from '../../../lib/silo/state/boxes.ts';
import { createEvents } from '../../../lib/silo/state/events.ts';
import { SILO_DEFAULTS } from '../../../lib/silo/state/options.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { openStore } from '../../../lib/stores/open.ts';
import { aMessage } from '../../stores/contract/messages.ts';

const BOX = 'bob@example.org';
const now = () => 1000;

let store: Store;
let overload: Overload;
let acceptor: Acceptor;
let late: LateDelivery;
let seen: string[];

beforeEach(async () => {
  store = await openStore('sqlite::memory:', { now });
  overload = createOverload({ maxPending: 10, maxLag: 10_000 });
  seen = [];
  const events = createEvents();
  events.on('stored', () => seen.push('stored'));
  events.on('ended', ({ outcome, reason }) => seen.push(`${outcome}: ${reason}`));
  const context = { store, boxes: createBoxes(), events, settings: SILO_DEFAULTS, now, overload };
  acceptor = createAcceptor(context);
  late = createLateDelivery({ ...context, acceptor });
  late.onDelivered((box) => seen.push(`wake ${box}`));
});
afterEach(async () => {
  overload.close();
  await store.close();
});

const ENDED = ['delivered: late answer of a live attempt', `wake ${BOX}`];

describe('a late answer', () => {
  test('ends the stored copy, and the messages behind it may go', async () => {
    const message = aMessage(BOX);
    await acceptor.keep(message);
    expect(await late.deliver(message.key)).toBe(true);
    expect(seen).toEqual(['stored', ...ENDED]);
    expect(late.happened(message.key)).toBe(true);
    expect(await late.deliver(message.key)).toBe(false);
  });

  test('that comes while the message is being stored ends it when it is', async () => {
    const message = aMessage(BOX);
    const [, ended] = await Promise.all([acceptor.keep(message), late.deliver(message.key)]);
    expect(ended).toBe(true);
    await vi.waitFor(() => expect([...seen].sort()).toEqual([...ENDED, 'stored'].sort()));
  });

  test('that was faster than all that ends the message as soon as it is stored', async () => {
    const message = aMessage(BOX);
    expect(await late.deliver(message.key)).toBe(false);
    await acceptor.keep(message);
    await vi.waitFor(() => expect(seen).toEqual(['stored', ...ENDED]));
    expect((await store.ledger()).waiting).toBe(0);
  });
});

test('a part that fails when it hears of a stored message harms neither the sender nor the other parts', async () => {
  const logged: string[] = [];
  const stop = onLog((level, room, text) => logged.push(`${level} ${room} ${text.split('\n')[0] ?? ''}`));
  const fresh = createAcceptor({
    store,
    boxes: createBoxes(),
    events: createEvents(),
    settings: SILO_DEFAULTS,
    now,
    overload,
  });
  const heard: number[] = [];
  fresh.onStored(() => {
    throw new TypeError('oops');
  });
  fresh.onStored(({ id }) => heard.push(id));
  expect(await fresh.keep(aMessage(BOX))).toBe(true);
  stop();
  expect(heard).toHaveLength(1);
  expect(logged).toEqual(['error silo TypeError: oops']);
});
