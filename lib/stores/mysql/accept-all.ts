/** Many messages at once into MySQL, in one transaction and in their order. */
import { insertRows } from './accept.ts';
import { TryAgain, isDuplicate } from './link/errors.ts';
import { noteChanges } from './inside/changes.ts';
import type { Mysql } from './link/transactions.ts';
import { text } from '../shared/values.ts';
import type { NewMessage } from '../contract/message.ts';

/** Was each of them new? May be done twice: what an earlier, unanswered COMMIT stored is known by its key. */
export function acceptAll(db: Mysql, messages: readonly NewMessage[], now: number): Promise<boolean[]> {
  if (messages.length === 0) return Promise.resolve([]);
  const keys = messages.map(({ key }) => key);
  const distinct = new Map<string, NewMessage>();
  for (const message of messages) if (!distinct.has(message.key)) distinct.set(message.key, message);
  const ours = new Set<string>();
  return db.transaction(async (tx, uncertain) => {
    const rows = await tx.all('select dedup from silo_ledger where dedup in (?)', [keys]);
    const known = new Set(rows.map((row) => text(row, 'dedup')));
    // Keys that we wrote in an attempt that was rolled back are written again now.
    if (!uncertain) ours.clear();
    const fresh = [...distinct.values()].filter(({ key }) => !known.has(key));
    if (fresh.length > 0) {
      // Somebody else stored one of the keys between our look and our insert.
      await Promise.all([
        insertRows(tx, fresh),
        noteChanges(tx, [...new Set(fresh.map(({ box }) => box))], now),
      ]).catch((error: unknown) => {
        throw isDuplicate(error) ? new TryAgain('a key was taken meanwhile') : error;
      });
    }
    for (const { key } of fresh) ours.add(key);
    const left = new Set(ours);
    return keys.map((key) => left.delete(key));
  }, 'repeatable');
}
