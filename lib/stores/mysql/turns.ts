/** Turns of those who count a box or a domain before they add to it: quotas hold on all nodes together. */
import { inOrder, remove } from './link/locks.ts';
import { endInSlices } from './link/slices.ts';
import { SUMMED, sumUp } from './inside/usage.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { text } from '../shared/values.ts';

/** Waits until nobody else has the turn of any of these, and keeps it until the end of the transaction. */
export async function takeTurns(tx: Queries, names: readonly string[], now: number): Promise<void> {
  if (names.length === 0) return;
  // In one order, so that none waits in a ring.
  await tx.run(
    'insert into silo_turn (name, at) values ? on duplicate key update turn = turn + 1, at = values(at)',
    [inOrder(names).map((name) => [name, now])],
  );
}

/**
 * A turn that nobody has is worth nothing, nor is what waits in a domain whose turn nobody has: the next one who wants them
 * begins anew. One that is being taken is left alone.
 */
export async function forgetTurns(db: Mysql, before: number, limit: number): Promise<number> {
  // Messages may end for long without a new one that would have a look.
  while ((await sumUp(db)) === SUMMED);
  const over = {
    table: 'silo_turn',
    columns: 'name',
    where: 'at < ?',
    values: [before],
    order: 'at',
  } as const;
  const forgotten = await endInSlices(db, over, limit, async (tx, rows) => {
    const names = rows.map((row) => text(row, 'name'));
    await remove(tx, 'silo_turn', names);
    const domains = names.filter((name) => name.startsWith('@')).map((name) => name.slice(1));
    await remove(tx, 'silo_usage', domains);
  });
  return forgotten.length;
}
