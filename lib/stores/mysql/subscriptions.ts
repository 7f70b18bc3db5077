/**
 * Changes of subscriptions in MySQL. Those that come at once, of all three kinds, are one transaction of a few statements: the
 * rows that they are about are locked and read, the changes are applied in memory, in their order, and what came out is written.
 */
import { holdMailboxes, noteChanges } from './inside/changes.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { lock, remove, rewrite } from './link/locks.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import { SUBSCRIPTION_COLUMNS, fromSubscription, toSubscription } from '../shared/mwi-rows.ts';
import { text } from '../shared/values.ts';
import type { MwiStore, Subscription, SubscriptionRefresh } from '../contract/mwi.ts';

type Change =
  | { readonly kind: 'subscribe'; readonly subscription: Subscription }
  | { readonly kind: 'refresh'; readonly id: string; readonly refresh: SubscriptionRefresh }
  | { readonly kind: 'unsubscribe'; readonly ids: readonly string[] };

/** What a change has found: those that it replaced, or the one that it refreshed. */
type Found = readonly Subscription[];

const COLUMNS = SUBSCRIPTION_COLUMNS.join(', ');
const REWRITTEN = SUBSCRIPTION_COLUMNS.slice(1)
  .map((column) => `${column} = values(${column})`)
  .join(', ');

export function mysqlSubscriptions(
  db: Mysql,
  clock: () => number,
): Pick<MwiStore, 'subscribe' | 'refreshSubscription' | 'unsubscribe' | 'takeSubscriptions'> {
  const changes = new GroupCommit<Change, Found>((items) =>
    db.transaction((tx) => perform(tx, items, clock())),
  );
  return {
    subscribe: (subscription) => changes.add({ kind: 'subscribe', subscription }),

    refreshSubscription: async (id, refresh) =>
      (await changes.add({ kind: 'refresh', id, refresh })).length > 0,

    unsubscribe: async (ids) => {
      if (ids.length > 0) await changes.add({ kind: 'unsubscribe', ids });
    },

    takeSubscriptions: (ids, from, to) =>
      db.transaction(async (tx) => {
        // Those that are ours already: the first time was committed, and only its answer was lost.
        const rows = await lock(tx, ['mwi_subscription', 'id'], ids, {
          where: '(node = ? or (node = ? and run = ?))',
          values: [from, to.node, to.run],
        });
        const taken = rows.map((row) => text(row, 'id'));
        await rewrite(tx, 'mwi_subscription', { set: 'node = ?, run = ?', values: [to.node, to.run] }, taken);
        return new Set(taken);
      }, 'repeatable'),
  };
}

async function perform(tx: Queries, changes: readonly Change[], now: number): Promise<readonly Found[]> {
  const begun = changes.flatMap((change) => (change.kind === 'subscribe' ? [change.subscription] : []));
  const ids = [...changes.flatMap(idsOf), ...(await holdDevices(tx, begun, now))];
  const stored = await lock(tx, ['mwi_subscription', COLUMNS], ids);
  const { found, drop, put, replaced } = apply(stored.map(toSubscription), changes);
  await Promise.all([
    remove(tx, 'mwi_subscription', drop),
    put.length > 0 &&
      tx.run(`insert into mwi_subscription (${COLUMNS}) values ? on duplicate key update ${REWRITTEN}`, [
        put.map(fromSubscription),
      ]),
    noteChanges(tx, replaced, now, true),
  ]);
  return found;
}

function idsOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'subscribe':
      return [];
    case 'refresh':
      return [change.id];
    case 'unsubscribe':
      return change.ids;
  }
}

/** What these devices have subscribed to before; nobody adds to it, since we hold the mailboxes. */
async function holdDevices(
  tx: Queries,
  subscriptions: readonly Subscription[],
  now: number,
): Promise<readonly string[]> {
  if (subscriptions.length === 0) return [];
  const mailboxes = subscriptions.map(({ mailbox }) => mailbox);
  const [, rows] = await Promise.all([
    holdMailboxes(tx, mailboxes, now),
    tx.all(
      `select id from mwi_subscription force index (mwi_subscription_device_idx)
         where (mailbox, event_id, device) in (?)`,
      [subscriptions.map(({ mailbox, eventId, device }) => [mailbox, eventId, device])],
    ),
  ]);
  return rows.map((row) => text(row, 'id'));
}

interface Applied {
  readonly found: readonly Found[];
  readonly drop: readonly string[];
  readonly put: readonly Subscription[];
  /** Mailboxes of stored subscriptions that were replaced: another node may serve them. */
  readonly replaced: readonly string[];
}

function apply(stored: readonly Subscription[], changes: readonly Change[]): Applied {
  const current = new Map(stored.map((subscription) => [subscription.id, subscription]));
  const written = new Set<string>();
  const replaced = new Set<string>();

  function perform(change: Change): Found {
    switch (change.kind) {
      case 'subscribe': {
        const { subscription } = change;
        const old = [...current.values()].filter((other) => isSameDevice(subscription, other));
        for (const { id, mailbox } of old) {
          current.delete(id);
          replaced.add(mailbox);
        }
        current.set(subscription.id, subscription);
        written.add(subscription.id);
        return old;
      }
      case 'refresh': {
        const old = current.get(change.id);
        if (!old) return [];
        current.set(change.id, { ...old, ...change.refresh });
        written.add(change.id);
        return [old];
      }
      case 'unsubscribe':
        for (const id of change.ids) current.delete(id);
        return [];
    }
  }

  const found = changes.map(perform);
  return {
    found,
    drop: stored.map(({ id }) => id).filter((id) => !current.has(id)),
    put: [...current.values()].filter(({ id }) => written.has(id)),
    replaced: [...replaced],
  };
}

function isSameDevice(one: Subscription, other: Subscription): boolean {
  return one.mailbox === other.mailbox && one.eventId === other.eventId && one.device === other.device;
}
