/** Accepting in MySQL: many messages in one transaction, none of them twice. */
import { TryAgain } from './mysql-faults.ts';
import { noteChanges } from './mysql-mwi.ts';
import type { Mysql, Queries } from './mysql.ts';
import { INSERT_COLUMNS, fromMessage, int, text } from './rows.ts';
import type { Accepted, NewMessage } from './store.ts';

/** May be done twice: what an earlier, unanswered COMMIT stored is known by its key. */
export function acceptBatch(db: Mysql, messages: readonly NewMessage[], now: number): Promise<Accepted[]> {
  const distinct = new Map<string, NewMessage>();
  for (const message of messages) if (!distinct.has(message.key)) distinct.set(message.key, message);
  /** Keys that were new to the database when we last inserted. */
  const ours = new Set<string>();
  return db.transaction(async (tx, uncertain) => {
    const ids = await insertNew(tx, [...distinct.values()], ours, uncertain, now);
    return messages.map(({ key }) => {
      const id = ids.get(key);
      // The same key twice in one batch: the first one counts.
      ids.delete(key);
      return { stored: id !== undefined, id: id ?? 0 };
    });
  }, 'repeatable');
}

/** @param uncertain the commit of `ours` may have happened: then what is known of them was stored by us */
async function insertNew(
  tx: Queries,
  messages: readonly NewMessage[],
  ours: Set<string>,
  uncertain: boolean,
  now: number,
): Promise<Map<string, number>> {
  const known = new Set(
    (
      await tx.all('select dedup from silo_ledger where dedup in (?)', [
        messages.map((message) => message.key),
      ])
    ).map((row) => text(row, 'dedup')),
  );
  const fresh = messages.filter((message) => !known.has(message.key));
  const stored = uncertain ? [...ours].filter((key) => known.has(key)) : [];
  if (fresh.length > 0) {
    // Another node stored one of the keys between our look and our insert.
    if ((await remember(tx, fresh)) < fresh.length) throw new TryAgain('a key was taken meanwhile');
    await tx.run(`insert into silo (${INSERT_COLUMNS.join(', ')}) values ?`, [fresh.map(fromMessage)]);
    await noteChanges(tx, [...new Set(fresh.map((message) => message.box))], now);
    for (const { key } of fresh) ours.add(key);
    stored.push(...fresh.map((message) => message.key));
  }
  if (stored.length === 0) return new Map();
  const rows = await tx.all('select id, dedup from silo where dedup in (?)', [stored]);
  return new Map(rows.map((row) => [text(row, 'dedup'), int(row, 'id')]));
}

/** Notes the keys in the ledger; how many of them were new. */
export function remember(
  tx: Queries,
  messages: readonly Pick<NewMessage, 'key' | 'box' | 'incTime'>[],
): Promise<number> {
  return tx.run(
    'insert into silo_ledger (dedup, box, inc_time) values ? on duplicate key update dedup = silo_ledger.dedup',
    [messages.map(({ key, box, incTime }) => [key, box, incTime])],
  );
}
