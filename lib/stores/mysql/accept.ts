/** Accepting in MySQL: many messages in one transaction, none of them twice. */
import { TryAgain, isDuplicate } from './link/errors.ts';
import { noteChanges } from './inside/changes.ts';
import { concernedReceipts, limitsOf } from '../shared/quota.ts';
import { createAdmission, type Accepting, type KnownUsage } from './quota.ts';
import { inOrder } from './link/locks.ts';
import { noteAccepted, tendUsage, type DomainState } from './inside/usage.ts';
import type { InTransaction, Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { INSERT_COLUMNS, fromMessage } from '../shared/rows.ts';
import { int, text, type Row } from '../shared/values.ts';
import type { NewMessage } from '../contract/message.ts';
import type { Accepted } from '../contract/accept.ts';

/** One transaction of a batch. */
interface Attempt {
  readonly tx: InTransaction;
  readonly domains: KnownUsage;
  /** How the domains stood that were looked at. */
  readonly looked: Map<string, DomainState>;
  readonly now: number;
  /** Keys that were new to the database when we last inserted. */
  readonly ours: Set<string>;
  /** The commit of `ours` may have happened: then what is known of them was stored by us. */
  readonly uncertain: boolean;
}

/** One of the keys is known: which one is seen only by a look. */
class Known extends Error {}

/**
 * May be done twice: what an earlier, unanswered COMMIT stored is known by its key. Where nothing has to be counted, all is
 * sent at once as if all keys were new, which nearly all are.
 */
export async function acceptBatch(
  db: Mysql,
  domains: KnownUsage,
  items: readonly Accepting[],
  now: number,
): Promise<Accepted[]> {
  const distinct = new Map<string, Accepting>();
  for (const item of items) if (!distinct.has(item.message.key)) distinct.set(item.message.key, item);
  const each = [...distinct.values()];
  const ours = new Set<string>();
  const looked = new Map<string, DomainState>();
  const accept = (plainly: boolean) =>
    db.transaction(
      (tx, uncertain) =>
        plainly && !uncertain
          ? insertPlainly(tx, each, now, ours)
          : insertNew({ tx, domains, looked, now, ours, uncertain }, each),
      'repeatable',
    );
  const results = await accept(each.every(isPlain)).catch((error: unknown) => {
    if (error instanceof Known) return accept(false);
    throw error;
  });
  for (const [domain, state] of looked) void tendUsage(db, domain, state);
  return items.map(({ message: { key } }) => {
    const result = results.get(key);
    // The same key twice in one batch: the first one counts.
    results.delete(key);
    return result ?? { stored: false, id: 0 };
  });
}

/** No limit holds for it, and it replaces nothing. */
function isPlain({ message, rules }: Accepting): boolean {
  if (!rules) return true;
  const { threads, all } = concernedReceipts(message, rules);
  return threads.length === 0 && !all && limitsOf(message, rules).length === 0;
}

async function insertPlainly(
  tx: InTransaction,
  items: readonly Accepting[],
  now: number,
  ours: Set<string>,
): Promise<Map<string, Accepted>> {
  const messages = items.map(({ message }) => message);
  try {
    const ids = await insertAll(tx, messages, now);
    for (const key of ids.keys()) ours.add(key);
    return new Map([...ids].map(([key, id]) => [key, { stored: true, id }]));
  } catch (error) {
    throw isDuplicate(error) ? new Known() : error;
  }
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
  const waiting: NewMessage[] = [];
  const insert = async () => {
    if (waiting.length === 0) return;
    // Another node stored one of the keys between our look and our insert.
    const ids = await insertAll(tx, waiting.splice(0), now).catch((error: unknown) => {
      throw isDuplicate(error) ? new TryAgain('a key was taken meanwhile') : error;
    });
    for (const [key, id] of ids) {
      ours.add(key);
      results.set(key, { ...results.get(key), stored: true, id });
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
  const before = uncertain ? [...ours].filter((key) => known.has(key)) : [];
  if (before.length > 0)
    for (const [key, id] of await idsOf(tx, before)) results.set(key, { stored: true, id });
  return results;
}

/** One round trip: the ids of new messages. Fails with a duplicate key when one of them is known. */
async function insertAll(
  tx: InTransaction,
  messages: readonly NewMessage[],
  now: number,
): Promise<Map<string, number>> {
  const [ids] = await Promise.all([
    insertRows(tx, messages),
    noteAccepted(tx, messages),
    noteChanges(tx, [...new Set(messages.map((message) => message.box))], now),
  ]);
  return ids;
}

/** Ledger and table; the ids. Fails with a duplicate key when one of the messages is known, and then has to be rolled back. */
export async function insertRows(
  tx: InTransaction,
  messages: readonly NewMessage[],
): Promise<Map<string, number>> {
  const insert = `insert into silo (${INSERT_COLUMNS.join(', ')}) values ?`;
  const rows = messages.map(fromMessage);
  const keys = () => messages.map(({ key }) => key);
  const [, ids] = await Promise.all([
    tx.run('insert into silo_ledger (dedup, box, inc_time) values ?', [ledgerRows(messages)]),
    tx.returnsInserted
      ? tx.all(`${insert} returning id, dedup`, [rows]).then(byKey)
      : Promise.all([tx.run(insert, [rows]), idsOf(tx, keys())]).then(([, found]) => found),
  ]);
  return ids;
}

async function idsOf(tx: Queries, keys: readonly string[]): Promise<Map<string, number>> {
  return byKey(await tx.all('select id, dedup from silo where dedup in (?)', [keys]));
}

function byKey(rows: readonly Row[]): Map<string, number> {
  return new Map(rows.map((row) => [text(row, 'dedup'), int(row, 'id')]));
}

type Remembered = Pick<NewMessage, 'key' | 'box' | 'incTime'>;

/** Notes in the ledger the keys that are not there yet. */
export async function remember(tx: Queries, messages: readonly Remembered[]): Promise<void> {
  await tx.run(
    'insert into silo_ledger (dedup, box, inc_time) values ? on duplicate key update dedup = silo_ledger.dedup',
    [ledgerRows(messages)],
  );
}

/** In one order: two nodes may be asked to store the same messages. */
function ledgerRows(messages: readonly Remembered[]) {
  const each = new Map(messages.map((message) => [message.key, message]));
  return inOrder(each.keys()).flatMap((key) => {
    const message = each.get(key);
    return message ? [[key, message.box, message.incTime] as const] : [];
  });
}
