/** Messages whose row another program has deleted, in SQLite: the ledger must not say for ever that they wait. */
import { text } from '../shared/rows.ts';
import type { Sqlite } from './database.ts';
import { noteChange } from './changes.ts';
import { VANISHED, type Vanished } from '../contract/message.ts';

/** Called within a transaction. */
export function endVanished(db: Sqlite, after: string, limit: number, now: number): Vanished {
  const page = db
    .sql(
      `select l.dedup, l.box, s.id is null as gone from
         (select dedup, box from silo_ledger where outcome = '' and dedup > ? order by dedup limit ?) l
         left join silo s on s.dedup = l.dedup order by l.dedup`,
    )
    .all(after, limit);
  const ended = page
    .filter((row) => Number(row['gone']) === 1)
    .map((row) => ({ key: text(row, 'dedup'), box: text(row, 'box') }));
  for (const { key, box } of ended) {
    db.sql('update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ? where dedup = ?').run(
      VANISHED.outcome,
      VANISHED.status,
      VANISHED.reason,
      now,
      key,
    );
    noteChange(db, box, now);
  }
  return { ended, after: page.length < limit ? '' : text(page.at(-1) ?? {}, 'dedup') };
}
