/** Message-waiting lamps in SQLite. */
import { noteChange } from './changes.ts';
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
import { int, text } from '../shared/rows.ts';
import type { Sqlite } from './database.ts';

const marks = (columns: readonly unknown[]) => columns.map(() => '?').join(', ');
const PUBLICATIONS = `select ${PUBLICATION_COLUMNS.join(', ')} from mwi_publication where mailbox = ?`;
const SUBSCRIPTIONS = `select ${SUBSCRIPTION_COLUMNS.join(', ')} from mwi_subscription`;

export function sqliteMwi(db: Sqlite, clock: () => number): MwiStore {
  const nextStamp = createStamps();
  const publications = new GroupCommit<PublicationChange, PublicationResult>((changes) =>
    db.guard(() => db.transaction(() => publish(db, changes, nextStamp, clock()))),
  );
  /** Writes that arrive together share a commit. */
  const writes = new GroupCommit<() => unknown, unknown>((items) =>
    db.guard(() => db.transaction(() => items.map((item) => item()))),
  );
  const write = <T>(work: () => T) => writes.add(work) as Promise<T>;

  return {
    mailboxStates: (mailboxes, now) =>
      db.guard(() =>
        toStates(
          mailboxes,
          mailboxes.flatMap((mailbox) => db.sql(`${PUBLICATIONS} and expires > ?`).all(mailbox, now)),
          mailboxes.flatMap((mailbox) =>
            db
              .sql(
                `select box, count(*) as messages, sum(urgent) as urgent from silo
                   where box = ? and exp_time > ? and snd_time <= ? and kind = 0 and taken_by is null group by box`,
              )
              .all(mailbox, now, now),
          ),
        ),
      ),

    publish: (change) => publications.add(change),

    expirePublications: (now, limit) =>
      db.guard(() => {
        const found = () =>
          db.sql('select tag, mailbox from mwi_publication where expires <= ? limit ?').all(now, limit);
        // Without a transaction when nothing is over, which is nearly always.
        if (found().length === 0) return [];
        return db.transaction(() => {
          const rows = found();
          for (const row of rows) db.sql('delete from mwi_publication where tag = ?').run(text(row, 'tag'));
          const mailboxes = [...new Set(rows.map((row) => text(row, 'mailbox')))];
          for (const mailbox of mailboxes) noteChange(db, mailbox, clock());
          return mailboxes;
        });
      }),

    subscribe: (subscription) => write(() => subscribe(db, subscription, clock())),

    refreshSubscription: (id, { target, remoteCseq, localCseq, expires, updated, source, moved }) =>
      write(
        () =>
          db
            .sql(
              `update mwi_subscription set target = ?, remote_cseq = ?, local_cseq = ?, expires = ?, updated = ?,
                 source = ?, moved = ? where id = ?`,
            )
            .run(target, remoteCseq, localCseq, expires, updated, sourceText(source), moved ? 1 : 0, id)
            .changes > 0,
      ),

    unsubscribe: (ids) =>
      write(() => {
        for (const id of ids) db.sql('delete from mwi_subscription where id = ?').run(id);
      }),

    leftSubscriptions: (node, run) =>
      db.guard(() =>
        db.sql(`${SUBSCRIPTIONS} where node = ? and run <> ?`).all(node, run).map(toSubscription),
      ),

    subscribedRuns: (node) =>
      db.guard(() =>
        db
          .sql('select distinct run from mwi_subscription where node = ?')
          .all(node)
          .map((row) => text(row, 'run')),
      ),

    subscriptionsOf: (node, run, after, limit) =>
      db.guard(() =>
        db
          .sql(`${SUBSCRIPTIONS} where node = ? and run = ? and id > ? order by id limit ?`)
          .all(node, run, after, limit)
          .map(toSubscription),
      ),

    takeSubscriptions: (ids, from, to) =>
      write(
        () =>
          new Set(
            ids.filter(
              (id) =>
                db
                  .sql(
                    `update mwi_subscription set node = ?, run = ?
                       where id = ? and (node = ? or (node = ? and run = ?))`,
                  )
                  .run(to.node, to.run, id, from, to.node, to.run).changes > 0,
            ),
          ),
      ),

    subscriptionIds: (mailboxes) =>
      db.guard(
        () =>
          new Set(
            mailboxes.flatMap((mailbox) =>
              db
                .sql('select id from mwi_subscription where mailbox = ?')
                .all(mailbox)
                .map((row) => text(row, 'id')),
            ),
          ),
      ),

    expireSubscriptions: (before, limit) =>
      db.guard(
        () =>
          db
            .sql(
              `delete from mwi_subscription where id in
                 (select id from mwi_subscription where expires < ? limit ?)`,
            )
            .run(before, limit).changes,
      ),

    watchMailbox: (mailbox, now) => write(() => seen(db, mailbox, now)),

    mailboxChanges: (after, limit) =>
      db.guard(() =>
        db
          .sql('select id, mailbox, watchers from mwi_change where id > ? order by id limit ?')
          .all(after, limit)
          .map((row) => ({
            id: int(row, 'id'),
            mailbox: text(row, 'mailbox'),
            watchers: int(row, 'watchers') !== 0,
          })),
      ),

    lastMailboxChange: () =>
      db.guard(() => int(db.sql('select coalesce(max(id), 0) as id from mwi_change').all()[0] ?? {}, 'id')),

    turnedBoxes: (after, until) =>
      db.guard(() =>
        db
          .sql(
            `select box from silo where exp_time > ? and exp_time <= ? and box in (select aor from mwi_mailbox)
               union select box from silo where next_time > ? and next_time <= ? and snd_time > ?
                 and box in (select aor from mwi_mailbox)`,
          )
          .all(after, until, after, until, after)
          .map((row) => text(row, 'box')),
      ),

    forgetMailboxes: (changesBefore, seenBefore) =>
      write(() => {
        db.sql('delete from mwi_change where at < ?').run(changesBefore);
        db.sql(
          `delete from mwi_mailbox where seen < ?
             and not exists (select 1 from mwi_subscription s where s.mailbox = mwi_mailbox.aor)
             and not exists (select 1 from mwi_publication p where p.mailbox = mwi_mailbox.aor)`,
        ).run(seenBefore);
      }),
  };
}

function seen(db: Sqlite, mailbox: string, now: number): void {
  db.sql(
    'insert into mwi_mailbox (aor, seen) values (?, ?) on conflict (aor) do update set seen = excluded.seen',
  ).run(mailbox, now);
}

function publish(
  db: Sqlite,
  changes: readonly PublicationChange[],
  nextStamp: () => number,
  now: number,
): readonly PublicationResult[] {
  const mailboxes = [...new Set(changes.map((change) => change.mailbox))];
  for (const mailbox of mailboxes) seen(db, mailbox, now);
  const stored = mailboxes.flatMap((mailbox) => db.sql(PUBLICATIONS).all(mailbox).map(toPublication));
  const { results, drop, put, changed } = applyPublications(stored, changes, nextStamp);
  for (const tag of drop) db.sql('delete from mwi_publication where tag = ?').run(tag);
  for (const publication of put)
    db.sql(
      `insert into mwi_publication (${PUBLICATION_COLUMNS.join(', ')}) values (${marks(PUBLICATION_COLUMNS)})`,
    ).run(...fromPublication(publication));
  for (const mailbox of changed) noteChange(db, mailbox, now);
  return results;
}

function subscribe(db: Sqlite, subscription: Subscription, now: number): readonly Subscription[] {
  const { mailbox, eventId, device } = subscription;
  seen(db, mailbox, now);
  const replaced = db
    .sql(`${SUBSCRIPTIONS} where mailbox = ? and event_id = ? and device = ?`)
    .all(mailbox, eventId, device)
    .map(toSubscription);
  for (const { id } of replaced) db.sql('delete from mwi_subscription where id = ?').run(id);
  db.sql(
    `insert into mwi_subscription (${SUBSCRIPTION_COLUMNS.join(', ')}) values (${marks(SUBSCRIPTION_COLUMNS)})`,
  ).run(...fromSubscription(subscription));
  if (replaced.length > 0) noteChange(db, mailbox, now, true);
  return replaced;
}
