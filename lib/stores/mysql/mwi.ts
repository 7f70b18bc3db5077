/** Message-waiting lamps in MySQL. */
import { createWatching } from './inside/changes.ts';
import type { Mysql } from './link/transactions.ts';
import { mysqlPublications } from './publications.ts';
import { deleteInSlices } from './link/slices.ts';
import { mysqlSubscriptions } from './subscriptions.ts';
import { PUBLICATION_COLUMNS, toStates } from '../shared/mwi-rows.ts';
import type { ReadStore } from '../shared/reads.ts';
import { text } from '../shared/values.ts';
import type { MwiStore } from '../contract/mwi.ts';

/** Rows that one look forgets; the next one goes on. */
const MOST_FORGOTTEN = 10_000;

export function mysqlMwi(db: Mysql, clock: () => number): Omit<MwiStore, keyof ReadStore> {
  const watching = createWatching(db);
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

    ...mysqlPublications(db, clock),
    ...mysqlSubscriptions(db, clock),

    subscriptionIds: async (mailboxes) =>
      mailboxes.length === 0
        ? new Set()
        : new Set(
            (await db.all('select id from mwi_subscription where mailbox in (?)', [mailboxes])).map((row) =>
              text(row, 'id'),
            ),
          ),

    expireSubscriptions: (before, limit) =>
      deleteInSlices(db, { table: 'mwi_subscription', where: 'expires < ?', values: [before] }, limit),

    watchMailbox: (mailbox, now) => watching.add([mailbox, now]),

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
      await deleteInSlices(
        db,
        { table: 'mwi_change', where: 'at < ?', values: [changesBefore] },
        MOST_FORGOTTEN,
      );
      // Whoever begins to use one writes `seen`, which is looked at again under the lock.
      await deleteInSlices(
        db,
        {
          table: 'mwi_mailbox',
          where: `seen < ?
            and not exists (select 1 from mwi_subscription s where s.mailbox = mwi_mailbox.aor)
            and not exists (select 1 from mwi_publication p where p.mailbox = mwi_mailbox.aor)`,
          values: [seenBefore],
        },
        MOST_FORGOTTEN,
      );
    },
  };
}
