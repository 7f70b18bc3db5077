/** Turns of those who count a box or a domain before they add to it: quotas hold on all nodes together. */
import { inOrder } from './locks.ts';
import type { Mysql, Queries } from './link/transactions.ts';
import { text, whole } from '../shared/values.ts';

/** Waits until nobody else has the turn of any of these, and keeps it until the end of the transaction. */
export async function takeTurns(tx: Queries, names: readonly string[], now: number): Promise<void> {
  if (names.length === 0) return;
  // In one order, so that none waits in a ring.
  await tx.run(
    'insert into silo_turn (name, at) values ? on duplicate key update turn = turn + 1, at = values(at)',
    [inOrder(names).map((name) => [name, now])],
  );
}

/** A turn that nobody has is worth nothing: the next one who wants it begins anew. One that is being taken is left alone. */
export function forgetTurns(db: Mysql, before: number, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.all(
      `select name from silo_turn where at < ? order by at limit ${whole(limit)} for update skip locked`,
      [before],
    );
    // One by one: of many names in a small table the optimizer makes a scan, which would wait for those that were left alone.
    for (const row of rows) await tx.run('delete from silo_turn where name = ?', [text(row, 'name')]);
    return rows.length;
  }, 'repeatable');
}
