/** The end of messages in MySQL. */
import { noteChanges } from './changes.ts';
import { inOrder, remove, rewrite } from '../link/locks.ts';
import { noteEnded } from './usage.ts';
import type { Queries } from '../link/transaction.ts';
import { DEAD_COLUMNS } from '../../shared/rows.ts';
import type { End, Ended } from '../../contract/message.ts';

export interface Ending extends End {
  readonly now: number;
  /** Some may be of a domain that has a limit. */
  readonly limited?: boolean;
}

/**
 * Inside a transaction that has locked their rows, which keeps those of the ledger for it, too; or that is taken back when
 * fewer rows have ended than it wanted. Returns how many.
 */
export async function endRows(
  tx: Queries,
  messages: readonly Ended[],
  { outcome, status, reason, now, limited = true }: Ending,
): Promise<number> {
  if (messages.length === 0) return 0;
  const ids = inOrder(messages.map((message) => message.id));
  // In the order of the locks, and at once.
  const before: Promise<unknown>[] = [];
  if (outcome === 'dead')
    before.push(
      tx.run(
        `replace into silo_dead (${DEAD_COLUMNS}, end_time, status, reason)
           select ${DEAD_COLUMNS}, ?, ?, ? from silo force index (primary) where id in (?)`,
        [now, status, reason.slice(0, 255), ids],
      ),
    );
  if (limited) before.push(noteEnded(tx, ids));
  const [ended] = await Promise.all([
    remove(tx, 'silo', ids),
    rewrite(
      tx,
      'silo_ledger',
      {
        set: 'outcome = ?, status = ?, reason = ?, end_time = ?',
        values: [outcome, status, reason.slice(0, 255), now],
      },
      messages.map((message) => message.key),
    ),
    noteChanges(tx, [...new Set(messages.map((message) => message.box))], now),
    ...before,
  ]);
  return ended;
}
