/** Message-waiting lamps in MySQL. */
import type { ReadStore } from '../shared/reads.ts';
import { noteChanges } from './changes.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import {
  PUBLICATION_COLUMNS,
  SUBSCRIPTION_COLUMNS,
  applyPublications,
  createStamps,
  fromPublication,
  fromSubscription,
  sourceText,
  toPublication,
  toStates,
  toSubscription,
} from '../shared/mwi-rows.ts';
import type { MwiStore, PublicationChange, PublicationResult, Subscription } from '../contract/mwi.ts';
import type { Mysql, Queries } from './link/transactions.ts';
import { text, whole } from '../shared/values.ts';

const SUBSCRIPTIONS = `select ${SUBSCRIPTION_COLUMNS.join(', ')} from mwi_subscription`;
export function mysqlMwi(db: Mysql, clock: () => number): Omit<MwiStore, keyof ReadStore> {
  const nextStamp = createStamps();
  const publications = new GroupCommit<PublicationChange, PublicationResult>((changes) =>
    db.transaction((tx) => publish(tx, changes, nextStamp, clock())),
  );
  /** Writes that arrive together share a commit. */
  const writes = new GroupCommit<(tx: Queries) => Promise<unknown>, unknown>((items) =>
    db.transaction(async (tx) => {
      const results: unknown[] = [];
      for (const item of items) results.push(await item(tx));
      return results;
    }),
  );
  const write = <T>(work: (tx: Queries) => Promise<T>) => writes.add(work) as Promise<T>;

  return {
    mailboxStates: async (mailboxes, now) => {
      if (mailboxes.length === 0) return [];
      const [published, counts] = await Promise.all([
        db.all(
          `select ${PUBLICATION_COLUMNS.join(', ')} from mwi_publication where mailbox in (?) and expires > ?`,
          [mailboxes, now],
        ),
        db.all(
          `select box, count(*) as messages, sum(urgent) as urgent from silo
             where box in (?) and exp_time > ? and snd_time <= ? and kind = 0 and taken_by is null group by box`,
          [mailboxes, now, now],
        ),
      ]);
      return toStates(mailboxes, published, counts);
    },

    publish: (change) => publications.add(change),

    expirePublications: async (now, limit) => {
      const due = await db.all('select 1 from mwi_publication where expires <= ? limit 1', [now]);
      // Without a transaction when nothing is over, which is nearly always.
      if (due.length === 0) return [];
      return db.transaction(async (tx) => {
        const rows = await tx.all(
          `select tag, mailbox from mwi_publication where expires <= ? limit ${whole(limit)} for update skip locked`,
          [now],
        );
        if (rows.length === 0) return [];
        await tx.run('delete from mwi_publication where tag in (?)', [rows.map((row) => text(row, 'tag'))]);
        const mailboxes = [...new Set(rows.map((row) => text(row, 'mailbox')))];
        await noteChanges(tx, mailboxes, clock());
        return mailboxes;
      });
    },

    subscribe: (subscription) => write((tx) => subscribe(tx, subscription, clock())),

    refreshSubscription: (id, { target, remoteCseq, localCseq, expires, updated, source, moved }) =>
      write(async (tx) => {
        // An update that changes nothing counts no row, hence the look.
        await tx.run(
          `update mwi_subscription set target = ?, remote_cseq = ?, local_cseq = ?, expires = ?, updated = ?,
             source = ?, moved = ? where id = ?`,
          [target, remoteCseq, localCseq, expires, updated, sourceText(source), moved ? 1 : 0, id],
        );
        return (await tx.all('select 1 from mwi_subscription where id = ?', [id])).length > 0;
      }),

    unsubscribe: (ids) =>
      ids.length === 0
        ? Promise.resolve()
        : write(async (tx) => {
            await tx.run('delete from mwi_subscription where id in (?)', [ids]);
          }),

    takeSubscriptions: async (ids, from, to) => {
      if (ids.length === 0) return new Set();
      return db.transaction(async (tx) => {
        // Those that are ours already: the first time was committed, and only its answer was lost.
        const rows = await tx.all(
          `select id from mwi_subscription where id in (?) and (node = ? or (node = ? and run = ?)) for update`,
          [ids, from, to.node, to.run],
        );
        const taken = rows.map((row) => text(row, 'id'));
        if (taken.length > 0)
          await tx.run('update mwi_subscription set node = ?, run = ? where id in (?)', [
            to.node,
            to.run,
            taken,
          ]);
        return new Set(taken);
      }, 'repeatable');
    },

    subscriptionIds: async (mailboxes) =>
      mailboxes.length === 0
        ? new Set()
        : new Set(
            (await db.all('select id from mwi_subscription where mailbox in (?)', [mailboxes])).map((row) =>
              text(row, 'id'),
            ),
          ),

    expireSubscriptions: (before, limit) =>
      db.run(`delete from mwi_subscription where expires < ? limit ${whole(limit)}`, [before]),

    watchMailbox: (mailbox, now) => write((tx) => seen(tx, [mailbox], now)),

    turnedBoxes: async (after, until) =>
      (
        await db.all(
          `select s.box from silo s join mwi_mailbox m on m.aor = s.box where s.exp_time > ? and s.exp_time <= ?
             union
           select s.box from silo s join mwi_mailbox m on m.aor = s.box
             where s.next_time > ? and s.next_time <= ? and s.snd_time > ?`,
          [after, until, after, until, after],
        )
      ).map((row) => text(row, 'box')),

    forgetMailboxes: async (changesBefore, seenBefore) => {
      await db.run('delete from mwi_change where at < ? limit 10000', [changesBefore]);
      await db.run(
        `delete from mwi_mailbox where seen < ?
           and not exists (select 1 from mwi_subscription s where s.mailbox = mwi_mailbox.aor)
           and not exists (select 1 from mwi_publication p where p.mailbox = mwi_mailbox.aor)`,
        [seenBefore],
      );
    },
  };
}

/** Makes the rows of mailboxes, and locks them until the end of the transaction. In one order, so none waits in a ring. */
async function seen(tx: Queries, mailboxes: readonly string[], now: number): Promise<void> {
  await tx.run('insert into mwi_mailbox (aor, seen) values ? on duplicate key update seen = values(seen)', [
    [...mailboxes].sort().map((mailbox) => [mailbox, now]),
  ]);
}

async function publish(
  tx: Queries,
  changes: readonly PublicationChange[],
  nextStamp: () => number,
  now: number,
): Promise<readonly PublicationResult[]> {
  const mailboxes = [...new Set(changes.map((change) => change.mailbox))];
  await seen(tx, mailboxes, now);
  const stored = await tx.all(
    `select ${PUBLICATION_COLUMNS.join(', ')} from mwi_publication where mailbox in (?) for update`,
    [mailboxes],
  );
  const { results, drop, put, changed } = applyPublications(stored.map(toPublication), changes, nextStamp);
  if (drop.length > 0) await tx.run('delete from mwi_publication where tag in (?)', [drop]);
  if (put.length > 0)
    await tx.run(`insert into mwi_publication (${PUBLICATION_COLUMNS.join(', ')}) values ?`, [
      put.map(fromPublication),
    ]);
  await noteChanges(tx, changed, now);
  return results;
}

async function subscribe(
  tx: Queries,
  subscription: Subscription,
  now: number,
): Promise<readonly Subscription[]> {
  const { mailbox, eventId, device } = subscription;
  await seen(tx, [mailbox], now);
  const replaced = (
    await tx.all(`${SUBSCRIPTIONS} where mailbox = ? and event_id = ? and device = ? for update`, [
      mailbox,
      eventId,
      device,
    ])
  ).map(toSubscription);
  if (replaced.length > 0)
    await tx.run('delete from mwi_subscription where id in (?)', [replaced.map(({ id }) => id)]);
  await tx.run(`insert into mwi_subscription (${SUBSCRIPTION_COLUMNS.join(', ')}) values ?`, [
    [fromSubscription(subscription)],
  ]);
  if (replaced.length > 0) await noteChanges(tx, [mailbox], now, true);
  return replaced;
}
