/** The end of messages in MySQL. */
import { noteChanges } from './changes.ts';
import { inOrder, remove, rewrite } from './link/locks.ts';
import { noteEnded } from './usage.ts';
import type { Queries } from './link/transactions.ts';
import { DEAD_COLUMNS } from '../shared/rows.ts';
import type { End, Ended } from '../contract/message.ts';

/** Inside a transaction that has locked their rows, which keeps those of the ledger for it, too. */
export async function endRows(
  tx: Queries,
  messages: readonly Ended[],
  { outcome, status, reason }: End,
  now: number,
): Promise<void> {
  if (messages.length === 0) return;
  const ids = inOrder(messages.map((message) => message.id));
  if (outcome === 'dead')
    await tx.run(
      `replace into silo_dead (${DEAD_COLUMNS}, end_time, status, reason)
         select ${DEAD_COLUMNS}, ?, ?, ? from silo force index (primary) where id in (?)`,
      [now, status, reason.slice(0, 255), ids],
    );
  await noteEnded(tx, ids);
  await remove(tx, 'silo', ids);
  await rewrite(
    tx,
    'silo_ledger',
    {
      set: 'outcome = ?, status = ?, reason = ?, end_time = ?',
      values: [outcome, status, reason.slice(0, 255), now],
    },
    messages.map((message) => message.key),
  );
  await noteChanges(tx, [...new Set(messages.map((message) => message.box))], now);
}
