/** The subscriptions that this node serves, found by dialog, by mailbox and by device. */
import { createHash } from 'node:crypto';
import type { Subscription } from '../../stores/contract/mwi.ts';
import type { Notifier } from './notifier.ts';

/** One subscription that this node serves. */
export interface Watcher {
  subscription: Subscription;
  readonly notifier: Notifier;
  /** The highest CSeq that a NOTIFY of ours went out with. */
  cseq: number;
  /** It is being ended: no SUBSCRIBE finds it any more. */
  ending: boolean;
}

export interface Watchers {
  add(watcher: Watcher): void;
  remove(watcher: Watcher): void;
  get(id: string): Watcher | undefined;
  /** All of a dialog: several Event ids may share one (RFC 6665, section 4.5.2). */
  inDialog(callId: string, remoteTag: string): readonly Watcher[];
  of(mailbox: string): readonly Watcher[];
  all(): readonly Watcher[];
  readonly size: number;
}

export function createWatchers(): Watchers {
  const byId = new Map<string, Watcher>();
  const byDialog = new Map<string, Set<Watcher>>();
  const byMailbox = new Map<string, Set<Watcher>>();
  return {
    add: (watcher) => {
      const { id, callId, remoteTag, mailbox } = watcher.subscription;
      byId.set(id, watcher);
      put(byDialog, dialogIdOf(callId, remoteTag), watcher);
      put(byMailbox, mailbox, watcher);
    },
    remove: (watcher) => {
      const { id, callId, remoteTag, mailbox } = watcher.subscription;
      byId.delete(id);
      take(byDialog, dialogIdOf(callId, remoteTag), watcher);
      take(byMailbox, mailbox, watcher);
    },
    get: (id) => byId.get(id),
    inDialog: (callId, remoteTag) => [...(byDialog.get(dialogIdOf(callId, remoteTag)) ?? [])],
    of: (mailbox) => [...(byMailbox.get(mailbox) ?? [])],
    all: () => [...byId.values()],
    get size() {
      return byId.size;
    },
  };
}

function put(index: Map<string, Set<Watcher>>, key: string, watcher: Watcher): void {
  const found = index.get(key);
  if (found) found.add(watcher);
  else index.set(key, new Set([watcher]));
}

function take(index: Map<string, Set<Watcher>>, key: string, watcher: Watcher): void {
  const found = index.get(key);
  found?.delete(watcher);
  if (found?.size === 0) index.delete(key);
}

/** The id under which drachtio-server knows the dialog of a subscriber. */
export function dialogIdOf(callId: string, remoteTag: string): string {
  return `${callId};from-tag=${remoteTag}`;
}

/**
 * What tells phones apart: the instance (RFC 5626), else the contact with the address that it was seen from, since phones
 * behind different NATs may have the same contact.
 */
export function deviceKey(instance: string | undefined, contact: string, address: string): string {
  const text = instance === undefined || instance === '' ? `${contact} ${address}` : `<${instance}>`;
  return createHash('sha256').update(text).digest('hex');
}
