/** Every few seconds: what other nodes have changed, what time alone changes, what is over. */
import { logger } from '../../base/log.ts';
import type { MwiStore } from '../../stores/contract/mwi.ts';
import { createTail } from '../../stores/shared/tail.ts';
import { createTicker } from '../../base/ticker.ts';
import type { MwiSettings } from '../request/options.ts';
import type { ServedSubscriptions } from './served.ts';
import type { Subscriptions } from './subscriptions.ts';

const log = logger('mwi:sweep');
const PAGE = 1000;
/** Seconds for which a change is kept for nodes that could not look. */
const KEEP_CHANGES = 300;
/** Seconds after which an unused mailbox is forgotten. */
const KEEP_MAILBOX = 86_400;
/** Ticks between two cleanings. */
const CLEAN_EVERY = 60;

export interface SweepContext {
  readonly store: MwiStore;
  readonly served: ServedSubscriptions;
  readonly subscriptions: Subscriptions;
  readonly settings: MwiSettings;
  readonly now: () => number;
  readonly changed: (mailbox: string) => void;
}

export interface Sweep {
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createSweep({ store, served, subscriptions, settings, now, changed }: SweepContext): Sweep {
  const tail = createTail((after, limit) => store.mailboxChanges(after, limit), 'missing-changes');
  const ticker = createTicker(log);
  let turnedUntil = 0;
  let ticks = 0;

  async function tick(stopping = () => false): Promise<void> {
    // Needs no store, so it comes first.
    for (const subscription of served.all())
      if (subscription.row.expires <= now()) subscriptions.end(subscription, 'timeout');
    await lookAtTail();
    for (const mailbox of await store.expirePublications(now(), PAGE)) changed(mailbox);
    const time = now();
    for (const mailbox of await store.turnedBoxes(turnedUntil, time)) changed(mailbox);
    turnedUntil = time;
    if (++ticks % CLEAN_EVERY === 0) await clean(stopping);
  }

  async function lookAtTail(): Promise<void> {
    const states = new Set<string>();
    const replaced = new Set<string>();
    await tail.look((rows) => {
      for (const row of rows) (row.watchers ? replaced : states).add(row.mailbox);
    });
    for (const mailbox of states) changed(mailbox);
    await dropReplaced([...replaced].filter((mailbox) => served.of(mailbox).length > 0));
  }

  /** A phone has subscribed again on another node: its old subscription here is over. */
  async function dropReplaced(mailboxes: readonly string[]): Promise<void> {
    if (mailboxes.length === 0) return;
    const before = mailboxes.flatMap((mailbox) => served.of(mailbox));
    const ids = await store.subscriptionIds(mailboxes);
    for (const subscription of before)
      if (!ids.has(subscription.row.id)) subscriptions.end(subscription, 'noresource');
  }

  async function clean(stopping: () => boolean): Promise<void> {
    while (!stopping() && (await store.expireSubscriptions(now() - KEEP_CHANGES, PAGE)) === PAGE);
    if (!stopping()) await store.forgetMailboxes(now() - KEEP_CHANGES, now() - KEEP_MAILBOX);
  }

  return {
    start: async () => {
      tail.start(await store.lastMailboxChange());
      turnedUntil = now();
      ticker.every(settings.tailTime, tick);
    },
    close: () => ticker.close(),
  };
}
