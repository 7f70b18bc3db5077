/** The end of messages in MySQL. */
import { noteChanges } from './changes.ts';
import type { Queries } from './link/transactions.ts';
import { DEAD_COLUMNS } from '../shared/rows.ts';
import type { End, Ended } from '../contract/message.ts';

/** Inside a transaction. */
export async function endRows(
  tx: Queries,
  messages: readonly Ended[],
  { outcome, status, reason }: End,
  now: number,
): Promise<void> {
  if (messages.length === 0) return;
  const ids = messages.map((message) => message.id);
  if (outcome === 'dead')
    await tx.run(
      `replace into silo_dead (${DEAD_COLUMNS}, end_time, status, reason)
         select ${DEAD_COLUMNS}, ?, ?, ? from silo where id in (?)`,
      [now, status, reason.slice(0, 255), ids],
    );
  await tx.run('delete from silo where id in (?)', [ids]);
  await tx.run(
    'update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ? where dedup in (?)',
    [outcome, status, reason.slice(0, 255), now, messages.map((message) => message.key)],
  );
  await noteChanges(tx, [...new Set(messages.map((message) => message.box))], now);
}
