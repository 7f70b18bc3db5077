/** Message-waiting lamps in SQLite. */
import { noteChange } from './inside/changes.ts';
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
import { marks, text } from '../shared/values.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';

const PUBLICATIONS = `select ${PUBLICATION_COLUMNS.join(', ')} from mwi_publication where mailbox = ?`;
const SUBSCRIPTIONS = `select ${SUBSCRIPTION_COLUMNS.join(', ')} from mwi_subscription`;

export function sqliteMwi(db: Sqlite, clock: () => number): Part<MwiStore> {
  const nextStamp = createStamps();
  return {
    mailboxStates: (mailboxes, now) =>
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

    publish: (change) => publish(db, change, nextStamp, clock()),

    subscribe: (subscription) => subscribe(db, subscription, clock()),

    refreshSubscription: (id, { target, remoteCseq, localCseq, expires, updated, source, moved }) =>
      db
        .sql(
          `update mwi_subscription set target = ?, remote_cseq = ?, local_cseq = ?, expires = ?, updated = ?,
             source = ?, moved = ? where id = ?`,
        )
        .run(target, remoteCseq, localCseq, expires, updated, sourceText(source), moved ? 1 : 0, id).changes >
      0,

    unsubscribe: (ids) => {
      for (const id of ids) db.sql('delete from mwi_subscription where id = ?').run(id);
    },

    takeSubscriptions: (ids, from, to) =>
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

    subscriptionIds: (mailboxes) =>
      new Set(
        mailboxes.flatMap((mailbox) =>
          db
            .sql('select id from mwi_subscription where mailbox = ?')
            .all(mailbox)
            .map((row) => text(row, 'id')),
        ),
      ),

    watchMailbox: (mailbox, now) => seen(db, mailbox, now),

    turnedBoxes: (after, until) =>
      db
        .sql(
          `select box from silo where exp_time > ? and exp_time <= ? and box in (select aor from mwi_mailbox)
             union select box from silo where next_time > ? and next_time <= ? and snd_time > ?
               and box in (select aor from mwi_mailbox)`,
        )
        .all(after, until, after, until, after)
        .map((row) => text(row, 'box')),
  };
}

function seen(db: Sqlite, mailbox: string, now: number): void {
  db.sql(
    'insert into mwi_mailbox (aor, seen) values (?, ?) on conflict (aor) do update set seen = excluded.seen',
  ).run(mailbox, now);
}

function publish(
  db: Sqlite,
  change: PublicationChange,
  nextStamp: () => number,
  now: number,
): PublicationResult {
  const { mailbox } = change;
  seen(db, mailbox, now);
  const stored = db.sql(PUBLICATIONS).all(mailbox).map(toPublication);
  const { results, drop, put, changed } = applyPublications(stored, [change], nextStamp);
  for (const tag of drop) db.sql('delete from mwi_publication where tag = ?').run(tag);
  for (const publication of put)
    db.sql(
      `insert into mwi_publication (${PUBLICATION_COLUMNS.join(', ')}) values (${marks(PUBLICATION_COLUMNS)})`,
    ).run(...fromPublication(publication));
  for (const name of changed) noteChange(db, name, now);
  return results[0] ?? 'unmatched';
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
