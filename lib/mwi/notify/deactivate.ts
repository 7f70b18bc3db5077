/**
 * Sending phones away so that they come back at once (RFC 6665, section 4.2.2, `deactivated`): at a start those that an
 * earlier run of this node has served, at a stop and after a lost connection to drachtio-server all.
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import type { MwiSettings } from '../request/options.ts';
import type { SubscriptionService } from './subscription-service.ts';
import type { Watcher, Watchers } from './watchers.ts';

const log = logger('mwi:farewell');

/** Milliseconds between two phones at least: they all come back. */
const LEAST = 2;
/** And at most, so that a few are not kept waiting. */
const MOST = 20;

export interface DeactivationDependencies {
  readonly store: MwiStore;
  readonly watchers: Watchers;
  readonly service: SubscriptionService;
  readonly settings: MwiSettings;
  readonly run: string;
  readonly now: () => number;
}

export interface Deactivation {
  /** Says good-bye to the phones of earlier runs. Resolves when it has been said to all, not when they have answered. */
  deactivatePreviousRun(): Promise<void>;
  /** The same to these, of whom nobody is served here. */
  deactivate(subscriptions: readonly Subscription[]): Promise<void>;
  /** Says good-bye to everybody who is served now. */
  deactivateAll(): Promise<void>;
  /** No further good-bye is begun. */
  stop(): void;
}

export function createDeactivation({
  store,
  watchers,
  service,
  settings,
  run,
  now,
}: DeactivationDependencies): Deactivation {
  let stopped = false;

  async function spread(going: readonly Watcher[]): Promise<void> {
    const pause = Math.min(Math.max(settings.spread / Math.max(going.length, 1), LEAST), MOST);
    const start = performance.now();
    for (const [index, watcher] of going.entries()) {
      const wait = start + index * pause - performance.now();
      if (wait > 1) await new Promise<void>((resolve) => setTimeout(resolve, wait));
      if (stopped) return;
      if (!watcher.ending) service.end(watcher, 'deactivated');
    }
  }

  async function tell(subscriptions: readonly Subscription[]): Promise<void> {
    const [over, live] = [subscriptions.filter(isOver), subscriptions.filter((one) => !isOver(one))];
    // Their phones know that the time is over; only drachtio-server does not.
    for (const subscription of over) service.end(service.watcher(subscription), 'timeout');
    await spread(live.map((subscription) => service.watcher(subscription)));
  }

  return {
    deactivatePreviousRun: async () => {
      const left = await store.leftSubscriptions(settings.node, run);
      if (left.length === 0) return;
      log.debug(`${left.length} subscriptions of an earlier run are told to come back`);
      await tell(left);
    },
    deactivate: tell,
    deactivateAll: () =>
      // Also to those whose good-bye was lost with the connection.
      spread([...service.owed().map((one) => service.watcher(one)), ...watchers.all()]).catch(
        (error: unknown) => {
          log.warn(`not everybody could be told to come back: ${textOf(error)}`);
        },
      ),
    stop: () => (stopped = true),
  };

  function isOver({ expires }: { readonly expires: number }): boolean {
    return expires <= now();
  }
}
