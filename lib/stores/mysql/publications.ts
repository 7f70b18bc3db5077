/** Publications in MySQL: PUBLISHes that come at once are one transaction. */
import { holdMailboxes, noteChanges } from './inside/changes.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { lock, remove } from './link/locks.ts';
import { endInSlices } from './link/slices.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import {
  PUBLICATION_COLUMNS,
  applyPublications,
  createStamps,
  fromPublication,
  toPublication,
} from '../shared/mwi-rows.ts';
import { text } from '../shared/values.ts';
import type { MwiStore, PublicationChange, PublicationResult } from '../contract/mwi.ts';

const COLUMNS = PUBLICATION_COLUMNS.join(', ');

export function mysqlPublications(
  db: Mysql,
  clock: () => number,
): Pick<MwiStore, 'publish' | 'expirePublications'> {
  const nextStamp = createStamps();
  const changes = new GroupCommit<PublicationChange, PublicationResult>((items) =>
    db.transaction((tx) => publish(tx, items, nextStamp, clock())),
  );
  return {
    publish: (change) => changes.add(change),

    expirePublications: async (now, limit) => {
      const over = {
        table: 'mwi_publication',
        columns: 'tag, mailbox',
        where: 'expires <= ?',
        values: [now],
      } as const;
      const gone = await endInSlices(db, over, limit, async (tx, rows) => {
        await remove(
          tx,
          'mwi_publication',
          rows.map((row) => text(row, 'tag')),
        );
        await noteChanges(tx, [...new Set(rows.map((row) => text(row, 'mailbox')))], clock());
      });
      return [...new Set(gone.map((row) => text(row, 'mailbox')))];
    },
  };
}

async function publish(
  tx: Queries,
  changes: readonly PublicationChange[],
  nextStamp: () => number,
  now: number,
): Promise<readonly PublicationResult[]> {
  const mailboxes = [...new Set(changes.map((change) => change.mailbox))];
  const [, tags] = await Promise.all([
    holdMailboxes(tx, mailboxes, now),
    tx.all('select tag from mwi_publication where mailbox in (?)', [mailboxes]),
  ]);
  // Locked as well: a publication that expires meanwhile must not be refreshed behind its end.
  const stored = await lock(
    tx,
    ['mwi_publication', COLUMNS],
    tags.map((row) => text(row, 'tag')),
  );
  const { results, drop, put, changed } = applyPublications(stored.map(toPublication), changes, nextStamp);
  await Promise.all([
    remove(tx, 'mwi_publication', drop),
    put.length > 0 && tx.run(`insert into mwi_publication (${COLUMNS}) values ?`, [put.map(fromPublication)]),
    noteChanges(tx, changed, now),
  ]);
  return results;
}
