/** Accepting in MySQL: many messages in one transaction, none of them twice. */
import { TryAgain } from './link/errors.ts';
import { noteChanges } from './inside/changes.ts';
import { createAdmission, type Accepting, type KnownUsage } from './quota.ts';
import { inOrder } from './link/locks.ts';
import { noteAccepted, tendUsage, type DomainState } from './inside/usage.ts';
import type { Mysql, Queries } from './link/transactions.ts';
import { INSERT_COLUMNS, fromMessage } from '../shared/rows.ts';
import { int, text } from '../shared/values.ts';
import type { NewMessage } from '../contract/message.ts';
import type { Accepted } from '../contract/accept.ts';

/** One transaction of a batch. */
interface Attempt {
  readonly tx: Queries;
  readonly domains: KnownUsage;
  /** How the domains stood that were looked at. */
  readonly looked: Map<string, DomainState>;
  readonly now: number;
  /** Keys that were new to the database when we last inserted. */
  readonly ours: Set<string>;
  /** The commit of `ours` may have happened: then what is known of them was stored by us. */
  readonly uncertain: boolean;
}

/** May be done twice: what an earlier, unanswered COMMIT stored is known by its key. */
export async function acceptBatch(
  db: Mysql,
  domains: KnownUsage,
  items: readonly Accepting[],
  now: number,
): Promise<Accepted[]> {
  const distinct = new Map<string, Accepting>();
  for (const item of items) if (!distinct.has(item.message.key)) distinct.set(item.message.key, item);
  const ours = new Set<string>();
  const looked = new Map<string, DomainState>();
  const accepted = await db.transaction(async (tx, uncertain) => {
    const results = await insertNew({ tx, domains, looked, now, ours, uncertain }, [...distinct.values()]);
    return items.map(({ message: { key } }) => {
      const result = results.get(key);
      // The same key twice in one batch: the first one counts.
      results.delete(key);
      return result ?? { stored: false, id: 0 };
    });
  }, 'repeatable');
  for (const [domain, state] of looked) void tendUsage(db, domain, state);
  return accepted;
}

async function insertNew(
  { tx, domains, looked, now, ours, uncertain }: Attempt,
  items: readonly Accepting[],
): Promise<Map<string, Accepted>> {
  const results = new Map<string, Accepted>();
  const rows = await tx.all('select dedup from silo_ledger where dedup in (?)', [
    items.map(({ message }) => message.key),
  ]);
  const known = new Set(rows.map((row) => text(row, 'dedup')));
  const fresh = items.filter(({ message }) => !known.has(message.key));
  const stored = uncertain ? [...ours].filter((key) => known.has(key)) : [];
  const waiting: NewMessage[] = [];
  const insert = async () => {
    if (waiting.length === 0) return;
    await insertAll(tx, waiting, now);
    for (const { key } of waiting.splice(0)) {
      ours.add(key);
      stored.push(key);
    }
  };
  const admission = await createAdmission({ tx, domains, looked, now, insert }, fresh);
  for (const accepting of fresh) {
    const { message } = accepting;
    const admitted = await admission.admit(accepting);
    if (admitted.full === undefined) waiting.push(message);
    if (admitted.full !== undefined || admitted.dropped !== undefined)
      results.set(message.key, { stored: false, id: 0, ...admitted });
  }
  await insert();
  if (stored.length === 0) return results;
  for (const row of await tx.all('select id, dedup from silo where dedup in (?)', [stored])) {
    const key = text(row, 'dedup');
    results.set(key, { ...results.get(key), stored: true, id: int(row, 'id') });
  }
  return results;
}

async function insertAll(tx: Queries, messages: readonly NewMessage[], now: number): Promise<void> {
  // Another node stored one of the keys between our look and our insert.
  if ((await remember(tx, messages)) < messages.length) throw new TryAgain('a key was taken meanwhile');
  await tx.run(`insert into silo (${INSERT_COLUMNS.join(', ')}) values ?`, [messages.map(fromMessage)]);
  await noteAccepted(tx, messages);
  await noteChanges(tx, [...new Set(messages.map((message) => message.box))], now);
}

/** Notes the keys in the ledger; how many of them were new. */
export function remember(
  tx: Queries,
  messages: readonly Pick<NewMessage, 'key' | 'box' | 'incTime'>[],
): Promise<number> {
  return tx.run(
    'insert into silo_ledger (dedup, box, inc_time) values ? on duplicate key update dedup = silo_ledger.dedup',
    // Two nodes may be asked to store the same messages.
    [inOrder(messages.map(({ key, box, incTime }) => [key, box, incTime] as const))],
  );
}
