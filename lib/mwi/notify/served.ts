/** The subscriptions that this node serves, found by dialog, by mailbox and by id. */
import { dialogIdOf, type DialogName } from './dialog.ts';
import type { ServedSubscription } from './subscription.ts';

export interface ServedSubscriptions {
  add(subscription: ServedSubscription): void;
  remove(subscription: ServedSubscription): void;
  get(id: string): ServedSubscription | undefined;
  /** All of a dialog: several Event ids may share one (RFC 6665 4.5.2). */
  inDialog(dialog: DialogName): readonly ServedSubscription[];
  of(mailbox: string): readonly ServedSubscription[];
  all(): readonly ServedSubscription[];
  readonly size: number;
}

type Index = Map<string, Set<ServedSubscription>>;

export function createServed(): ServedSubscriptions {
  const byId = new Map<string, ServedSubscription>();
  const byDialog: Index = new Map();
  const byMailbox: Index = new Map();
  return {
    add: (subscription) => {
      const { row } = subscription;
      byId.set(row.id, subscription);
      put(byDialog, dialogIdOf(row), subscription);
      put(byMailbox, row.mailbox, subscription);
    },
    remove: (subscription) => {
      const { row } = subscription;
      byId.delete(row.id);
      take(byDialog, dialogIdOf(row), subscription);
      take(byMailbox, row.mailbox, subscription);
    },
    get: (id) => byId.get(id),
    inDialog: (dialog) => [...(byDialog.get(dialogIdOf(dialog)) ?? [])],
    of: (mailbox) => [...(byMailbox.get(mailbox) ?? [])],
    all: () => [...byId.values()],
    get size() {
      return byId.size;
    },
  };
}

function put(index: Index, key: string, subscription: ServedSubscription): void {
  const found = index.get(key);
  if (found) found.add(subscription);
  else index.set(key, new Set([subscription]));
}

function take(index: Index, key: string, subscription: ServedSubscription): void {
  const found = index.get(key);
  found?.delete(subscription);
  if (found?.size === 0) index.delete(key);
}
