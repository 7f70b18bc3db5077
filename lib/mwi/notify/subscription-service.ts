/** Serving a subscription from its SUBSCRIBE to its last NOTIFY: what its notifier sends, and how it ends. */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import { Notifier, type EndReason, type NotifyContent } from './notifier.ts';
import type { MwiSettings } from '../request/options.ts';
import { safeCseq, sendInDialog, sendRaw } from './send-notify.ts';
import type { Summaries } from '../state/summaries.ts';
import type { Watcher, Watchers } from './watchers.ts';

const log = logger('mwi:notify');
const REMEMBERED = 200_000;

export interface SubscriptionServiceDependencies {
  readonly port: Port;
  readonly store: MwiStore;
  readonly watchers: Watchers;
  readonly summaries: Summaries;
  readonly settings: MwiSettings;
  readonly now: () => number;
}

export interface SubscriptionService {
  /** A watcher for this subscription, not yet among those that are served. */
  watcher(subscription: Subscription): Watcher;
  /**
   * Ends a subscription with a last NOTIFY. Others in the same dialog are sent away with it, since drachtio-server drops
   * the whole dialog: their phones subscribe again at once.
   */
  end(watcher: Watcher, reason: EndReason): void;
  /** Has good-bye been said to this subscription, or is it being said just now? */
  hasLeft(id: string): boolean;
  /** Rejects when the state of this mailbox can't be read now. */
  check(mailbox: string): Promise<void>;
  /** Those whose last NOTIFY was lost with the connection to drachtio-server; each is handed out once. */
  owed(): readonly Subscription[];
  /** Resolves when every good-bye under way has been answered, and its row is gone. */
  quiet(): Promise<void>;
}

export function createSubscriptionService(
  dependencies: SubscriptionServiceDependencies,
): SubscriptionService {
  const { port, store, watchers, summaries, settings, now } = dependencies;
  const leaving = new Set<Watcher>();
  const listeners = new Set<() => void>();
  let owed: Subscription[] = [];
  /** Ids of those who left: their phones may be back before their rows are gone. */
  const left = new Set<string>();

  function watcherOf(subscription: Subscription): Watcher {
    const notifier = new Notifier({
      read: () => summaries.read(watcher.subscription.mailbox),
      pick: (texts) => (watcher.subscription.aliased ? texts.aliased : texts.plain),
      send: (notice) => send(watcher, notice),
      lost: (answer) => lost(watcher, answer),
      over: (answer) => over(watcher, answer),
      interval: settings.notifyInterval,
    });
    const watcher: Watcher = { subscription, notifier, cseq: 0, ending: false };
    return watcher;
  }

  async function send(watcher: Watcher, notice: NotifyContent): Promise<Answer> {
    const answer = watcher.subscription.moved
      ? await sendMoved(watcher, notice)
      : await sendInDialog(port, watcher.subscription, notice, now());
    const { subscription } = watcher;
    watcher.cseq = Math.max(watcher.cseq, answer.cseq ?? 0);
    log.debug(
      `${subscription.mailbox}: NOTIFY${notice.end ? ` (${notice.end})` : ''}: ${answer.status} ${answer.reason}`,
    );
    // The server was restarted: the phone still has its dialog, and must be told that it is over.
    if (answer.failure === 'no-dialog' && subscription.expires > now()) {
      leave(watcher);
      const last = { ...notice, end: notice.end ?? 'deactivated' } as const;
      await sendRaw(port, subscription, last, now(), nextCseq(watcher));
    }
    return answer;
  }

  /** To where the phone is now; and at the end also in the server's dialog, so that the server forgets it. */
  async function sendMoved(watcher: Watcher, notice: NotifyContent): Promise<Answer> {
    const { subscription } = watcher;
    const answer = await sendRaw(port, subscription, notice, now(), nextCseq(watcher));
    if (notice.end) void sendInDialog(port, subscription, notice, now());
    return answer;
  }

  /** All subscriptions of a dialog count in common; a gap does no harm (RFC 3261 12.2.2). */
  function nextCseq(watcher: Watcher): number {
    const { callId, remoteTag } = watcher.subscription;
    const others = watchers.inDialog(callId, remoteTag);
    const highest = Math.max(watcher.cseq, ...others.map(({ cseq }) => cseq));
    watcher.cseq = highest > 0 ? highest + Math.max(others.length, 1) : safeCseq(watcher.subscription, now());
    return watcher.cseq;
  }

  /** The watcher has refused, or is silent. */
  function lost(watcher: Watcher, answer: Answer): void {
    if (answer.failure === 'no-dialog') {
      watcher.notifier.stop();
      over(watcher, answer);
    } else {
      // Owed to nobody but the server, which keeps the dialog until it sees this.
      end(watcher, 'probation');
    }
    void forget(watcher);
  }

  function over(watcher: Watcher, answer: Answer): void {
    watchers.remove(watcher);
    // Without an answer the row stays, and good-bye is said again when the connection is back, or at the next start.
    if (answer.failure === 'disconnected') owed.push(watcher.subscription);
    const written = answer.failure === 'disconnected' ? Promise.resolve() : forget(watcher);
    void written.then(() => {
      leaving.delete(watcher);
      if (leaving.size === 0) for (const listener of [...listeners]) listener();
    });
  }

  function forget({ subscription: { id, expires, updated } }: Watcher): Promise<void> {
    // A fetch was never stored.
    if (expires === updated) return Promise.resolve();
    return store
      .unsubscribe([id])
      .catch((error: unknown) => log.warn(`an ended subscription stays stored: ${textOf(error)}`));
  }

  function leave(watcher: Watcher): void {
    watcher.ending = true;
    leaving.add(watcher);
    left.add(watcher.subscription.id);
    const [oldest] = left;
    if (left.size > REMEMBERED && oldest !== undefined) left.delete(oldest);
  }

  function endOne(watcher: Watcher, reason: EndReason): void {
    leave(watcher);
    watcher.notifier.end(reason);
  }

  function end(watcher: Watcher, reason: EndReason): void {
    endOne(watcher, reason);
    const { callId, remoteTag } = watcher.subscription;
    for (const other of watchers.inDialog(callId, remoteTag)) if (!other.ending) endOne(other, 'deactivated');
  }

  return {
    watcher: watcherOf,
    end,
    hasLeft: (id) => left.has(id),
    check: async (mailbox) => {
      await summaries.read(mailbox);
    },
    owed: () => {
      const all = owed;
      owed = [];
      return all;
    },
    quiet: async () => {
      if (leaving.size > 0)
        await new Promise<void>((resolve) => {
          const done = () => {
            listeners.delete(done);
            resolve();
          };
          listeners.add(done);
        });
    },
  };
}
