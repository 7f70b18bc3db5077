/** The end of a message in SQLite. */
import { DEAD_COLUMNS } from '../../shared/rows.ts';
import { noteChange } from './changes.ts';
import type { Sqlite } from './database.ts';
import type { End, Ended } from '../../contract/message.ts';
import type { Lease } from '../../contract/leases.ts';

/** Does the lease still stand? Values: box, owner, fence. */
export const HELD = 'select 1 from silo_lease where box = ? and owner = ? and fence = ?';

export function isHeld(db: Sqlite, { box, owner, fence }: Lease): boolean {
  return db.sql(HELD).all(box, owner, fence).length > 0;
}

/** Inside a transaction. False when the message is gone. */
export function endRow(
  db: Sqlite,
  { id, key, box }: Ended,
  { outcome, status, reason }: End,
  now: number,
): boolean {
  if (outcome === 'dead')
    db.sql(
      `insert or replace into silo_dead (${DEAD_COLUMNS}, end_time, status, reason)
         select ${DEAD_COLUMNS}, ?, ?, ? from silo where id = ?`,
    ).run(now, status, reason, id);
  if (db.sql('delete from silo where id = ?').run(id).changes === 0) return false;
  db.sql('update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ? where dedup = ?').run(
    outcome,
    status,
    reason,
    now,
    key,
  );
  noteChange(db, box, now);
  return true;
}
