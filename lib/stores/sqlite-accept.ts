/** Accepting in SQLite: inside one transaction, one message after the other. */
import type { DomainUsage } from './quota.ts';
import {
  MAX_CANDIDATES,
  QUOTA_REASON,
  REPLACED_REASON,
  enough,
  excessOf,
  fullSentence,
  limitsOf,
  type Candidate,
  type Limit,
  type Usage,
} from './quota.ts';
import { INSERT_COLUMNS, fromMessage, int, sizeOf, toEnded, type Row } from './rows.ts';
import { endRow } from './sqlite-end.ts';
import { noteChange } from './sqlite-mwi.ts';
import type { Sqlite } from './sqlite.ts';
import type { Accepted, AcceptRules, Dropped, NewMessage } from './store.ts';

export interface Accepting {
  readonly message: NewMessage;
  readonly rules: AcceptRules | undefined;
}

const NO_RULES: AcceptRules = {
  box: { messages: 0, bytes: 0 },
  domain: { messages: 0, bytes: 0 },
  overflow: 'reject',
  receipts: 0,
  replaces: [],
};

/** Inside a transaction. */
export function accept(
  db: Sqlite,
  domains: DomainUsage,
  { message, rules = NO_RULES }: Accepting,
  now: number,
): Accepted {
  if (db.sql('select 1 from silo_ledger where dedup = ?').all(message.key).length > 0)
    return { stored: false, id: 0 };
  const giveWay = new Map<number, Candidate>();
  for (const limit of limitsOf(message, rules)) {
    const usage = usageOf(db, domains, limit);
    const excess = excessOf(usage, limit.quota, message);
    if (excess) {
      const chosen = enough(candidates(db, limit, rules), excess);
      if (!chosen) return { stored: false, id: 0, full: fullSentence(limit, usage) };
      for (const candidate of chosen) giveWay.set(candidate.id, candidate);
    }
    usage.messages++;
    usage.bytes += sizeOf(message);
  }
  const dropped = [
    ...erase(db, [...giveWay.values()], QUOTA_REASON, now),
    ...replace(db, message, rules, now),
    ...oldReceipts(db, message, rules, now),
  ];
  remember(db, message.key, message.box, message.incTime);
  const { lastInsertRowid } = db
    .sql(
      `insert into silo (${INSERT_COLUMNS.join(', ')}) values (${INSERT_COLUMNS.map(() => '?').join(', ')})`,
    )
    .run(...fromMessage(message));
  noteChange(db, message.box, now);
  return { stored: true, id: lastInsertRowid, dropped };
}

/** False when the key is known already. */
export function remember(db: Sqlite, key: string, box: string, incTime: number): boolean {
  return (
    db
      .sql('insert into silo_ledger (dedup, box, inc_time) values (?, ?, ?) on conflict do nothing')
      .run(key, box, incTime).changes > 0
  );
}

function usageOf(db: Sqlite, domains: DomainUsage, limit: Limit): Usage {
  const recent = limit.column === 'domain' ? domains.recent(limit) : undefined;
  if (recent) return recent;
  const [row = {}] = db
    .sql(`select count(*) as messages, coalesce(sum(size), 0) as bytes from silo where ${limit.column} = ?`)
    .all(limit.name);
  const usage = { messages: int(row, 'messages'), bytes: int(row, 'bytes') };
  if (limit.column === 'domain') domains.counted(limit.name, usage);
  return usage;
}

/** Who may make room, in this order: receipts, then the oldest messages. */
function candidates(db: Sqlite, limit: Limit, { overflow }: AcceptRules): readonly Candidate[] {
  if (overflow === 'reject') return [];
  return db
    .sql(
      `select id, dedup, box, size from silo where ${limit.column} = ? and box is not null and kind >= ?
         order by kind desc, id limit ?`,
    )
    .all(limit.name, overflow === 'drop-receipts' ? 1 : 0, MAX_CANDIDATES)
    .map(toCandidate);
}

function replace(db: Sqlite, { box }: NewMessage, { replaces }: AcceptRules, now: number): Dropped[] {
  const found = replaces.flatMap((thread) =>
    db.sql('select id, dedup, box, size from silo where thread = ? and box = ?').all(thread, box),
  );
  return erase(db, found.map(toCandidate), REPLACED_REASON, now);
}

function oldReceipts(
  db: Sqlite,
  { box, kind }: NewMessage,
  { receipts }: AcceptRules,
  now: number,
): Dropped[] {
  if (kind !== 'receipt' || receipts === 0) return [];
  const waiting = db
    .sql('select id, dedup, box, size from silo where box = ? and kind = 1 order by id')
    .all(box)
    .map(toCandidate);
  return erase(db, waiting.slice(0, Math.max(0, waiting.length + 1 - receipts)), QUOTA_REASON, now);
}

function erase(db: Sqlite, messages: readonly Candidate[], reason: string, now: number): Dropped[] {
  for (const message of messages) endRow(db, message, { outcome: 'erased', status: 0, reason }, now);
  return messages.map(({ id, key, box }) => ({ id, key, box, reason }));
}

function toCandidate(row: Row): Candidate {
  return { ...toEnded(row), size: int(row, 'size') };
}
