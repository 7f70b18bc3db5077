/** All subscriptions of this node: how each is made, what its end means for the others, and which of them are ending. */
import { BoundedSet } from '../../base/bounded-map.ts';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import type { MwiSettings } from '../request/options.ts';
import type { Summaries } from '../state/summaries.ts';
import { forEach } from './each.ts';
import type { EndReason } from './notifier.ts';
import { sendFor } from './send-for.ts';
import type { ServedSubscriptions } from './served.ts';
import { ServedSubscription, type SubscriptionContext, type SubscriptionState } from './subscription.ts';

const log = logger('mwi:notify');
/** Ids of ended subscriptions that are remembered. */
const REMEMBERED = 200_000;

export interface SubscriptionsContext {
  readonly notified: SubscriptionContext['notified'];
  readonly port: Port;
  readonly store: MwiStore;
  readonly served: ServedSubscriptions;
  readonly summaries: Summaries;
  readonly settings: MwiSettings;
  readonly now: () => number;
}

export interface Subscriptions {
  /** A new one for this row; it is served from its `stored` on. */
  create(row: Subscription): ServedSubscription;
  /**
   * Ends a subscription with a last NOTIFY, unless it is ending already. Others in the same dialog are sent away with it,
   * since drachtio-server drops the whole dialog: their phones subscribe again at once.
   */
  end(subscription: ServedSubscription, reason: EndReason): void;
  /** Has this subscription been ended here? Its phone may be back before its row is gone. */
  hasEnded(id: string): boolean;
  /** Rows of those whose last NOTIFY was lost with the connection to drachtio-server; each is handed out once. */
  takeOwed(): readonly Subscription[];
  /** Resolves when the last NOTIFY of each that is ending has been answered, and its row is gone. */
  quiet(): Promise<void>;
}

export function createSubscriptions(context: SubscriptionsContext): Subscriptions {
  const { store, served, summaries, settings } = context;
  const ending = new Set<ServedSubscription>();
  const ended = new BoundedSet<string>(REMEMBERED, 'subscriptions-ended');
  const quietListeners = new Set<() => void>();
  let owed: Subscription[] = [];

  const ofEach: SubscriptionContext = {
    read: async ({ mailbox, aliased }) => {
      const texts = await summaries.read(mailbox);
      return aliased ? texts.aliased : texts.plain;
    },
    send: (subscription, content) => sendFor(context, subscription, content),
    refused: (subscription) => end(subscription, 'probation'),
    erase: (row) => erase(store, row),
    entered,
    notified: context.notified,
    interval: settings.notifyInterval,
  };

  /** The one place that keeps the indexes after the state of each subscription. */
  function entered(subscription: ServedSubscription, state: SubscriptionState): void {
    switch (state) {
      case 'answering':
        served.add(subscription);
        return;
      case 'ending':
        ending.add(subscription);
        ended.add(subscription.row.id);
        return;
      case 'erasing':
        served.remove(subscription);
        return;
      case 'owed':
        served.remove(subscription);
        owed.push(subscription.row);
        over(subscription);
        return;
      case 'ended':
        over(subscription);
        return;
      case 'new':
      case 'active':
    }
  }

  function over(subscription: ServedSubscription): void {
    ending.delete(subscription);
    if (ending.size > 0) return;
    for (const listener of quietListeners) listener();
    quietListeners.clear();
  }

  function end(subscription: ServedSubscription, reason: EndReason): void {
    if (subscription.ending) return;
    forEach([subscription], (one) => one.end(reason));
    const others = served.inDialog(subscription.row).filter((other) => !other.ending);
    forEach(others, (other) => other.end('deactivated'));
  }

  return {
    create: (row) => new ServedSubscription(row, ofEach),
    end,
    hasEnded: (id) => ended.has(id),
    takeOwed: () => {
      const all = owed;
      owed = [];
      return all;
    },
    quiet: () =>
      new Promise<void>((resolve) => {
        if (ending.size === 0) resolve();
        else quietListeners.add(resolve);
      }),
  };
}

async function erase(store: MwiStore, { id, expires, updated }: Subscription): Promise<void> {
  // A fetch was never stored.
  if (expires === updated) return;
  try {
    await store.unsubscribe([id]);
  } catch (error) {
    log.warn(`an ended subscription stays stored: ${textOf(error)}`);
  }
}
