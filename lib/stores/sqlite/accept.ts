/** Accepting in SQLite: inside one transaction, one message after the other. */
import {
  SENDER_USAGE,
  CANDIDATE_COLUMNS,
  LOOKS,
  OLDEST_FIRST,
  QUOTA_REASON,
  REPLACED_REASON,
  boundOf,
  concernedReceipts,
  excesses,
  kindsOf,
  limitsOf,
  plan,
  toCandidate,
  toDropped,
  type Candidate,
  type Limit,
  type Plan,
  type Usage,
} from '../shared/quota.ts';
import { INSERT_COLUMNS, fromMessage, sizeOf } from '../shared/rows.ts';
import type { SenderUsage } from '../shared/sender-usage.ts';
import { int, marks } from '../shared/values.ts';
import { endRow } from './inside/end.ts';
import { noteChange } from './inside/changes.ts';
import type { Sqlite } from './inside/database.ts';
import type { NewMessage } from '../contract/message.ts';
import type { Accepted, AcceptRules, Dropped, Overflow } from '../contract/accept.ts';

export interface Accepting {
  readonly db: Sqlite;
  readonly now: number;
  readonly senders: SenderUsage;
}

export const INSERT = `insert into silo (${INSERT_COLUMNS.join(', ')}) values (${marks(INSERT_COLUMNS)})`;

/** Inside a transaction. */
export function accept(on: Accepting, message: NewMessage, rules: AcceptRules | undefined): Accepted {
  const { db, now } = on;
  if (db.sql('select 1 from silo_ledger where dedup = ?').all(message.key).length > 0)
    return { stored: false, id: 0 };
  const { full, dropped } = rules ? makeRoom(on, message, rules) : { dropped: [] };
  if (full !== undefined) return { stored: false, id: 0, full };
  remember(db, message.key, message.box, message.incTime);
  const { lastInsertRowid } = db.sql(INSERT).run(...fromMessage(message));
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

function makeRoom(
  on: Accepting,
  message: NewMessage,
  rules: AcceptRules,
): { readonly full?: string; readonly dropped: readonly Dropped[] } {
  const { db, now, senders } = on;
  const limits = limitsOf(message, rules);
  const usages: Usage[] = [];
  for (const limit of limits) usages.push(boundOf(message, limits, usages) ?? usageOf(on, limit));
  const { full, replaced, giveWay } = planFor(db, message, rules, usages);
  if (full !== undefined) return { full, dropped: [] };
  for (const limit of limits) add(senders.recent(limit), message);
  return {
    dropped: [...erase(db, replaced, REPLACED_REASON, now), ...erase(db, giveWay, QUOTA_REASON, now)],
  };
}

function planFor(db: Sqlite, message: NewMessage, rules: AcceptRules, usages: readonly Usage[]): Plan {
  const limits = limitsOf(message, rules);
  const excess = excesses(message, limits, usages);
  const receipts = receiptsFor(db, message, rules);
  let decided: Plan = { replaced: [], giveWay: [] };
  for (const look of LOOKS) {
    const candidates = limits.map((limit, index) => {
      const much = excess[index];
      return much ? candidatesOf(db, limit, rules.overflow, look(much)) : [];
    });
    decided = plan(message, rules, { usages, ...receipts, candidates });
    if (decided.full === undefined) break;
  }
  return decided;
}

/** Triggers count what waits in a domain: it may be a million. */
const USAGE = {
  box: 'select count(*) as messages, coalesce(sum(size), 0) as bytes from silo where box = ?',
  domain: 'select messages, bytes from silo_usage where domain = ?',
} as const;

function usageOf({ db, senders }: Accepting, limit: Limit): Usage {
  const { column, name, sender } = limit;
  const one = (sql: string, ...values: readonly string[]) => {
    const [row = {}] = db.sql(sql).all(...values);
    return { messages: int(row, 'messages'), bytes: int(row, 'bytes') };
  };
  if (sender === undefined) return one(USAGE[column], name);
  if (column === 'box') return one(SENDER_USAGE.box, sender, sender, name);
  const known = senders.recent(limit);
  if (known) return known;
  const usage = one(SENDER_USAGE.domain, name, sender);
  senders.counted(limit, usage);
  return usage;
}

function add(usage: Usage | undefined, message: NewMessage): void {
  if (!usage) return;
  usage.messages++;
  usage.bytes += sizeOf(message);
}

/** Who may make room: receipts, then the oldest messages. */
function candidatesOf(db: Sqlite, limit: Limit, overflow: Overflow, most: number): Candidate[] {
  const { column, name, sender } = limit;
  const [whose, values] = sender === undefined ? ['', [name]] : ['sender = ? and', [sender, name]];
  const found: Candidate[] = [];
  for (const kind of kindsOf(overflow))
    if (found.length < most)
      found.push(
        ...db
          .sql(
            `select ${CANDIDATE_COLUMNS} from silo where ${whose} ${column} = ? and kind = ? and box is not null
               order by ${OLDEST_FIRST[column]} limit ?`,
          )
          .all(...values, kind, most - found.length)
          .map(toCandidate),
      );
  return found;
}

function receiptsFor(
  db: Sqlite,
  message: NewMessage,
  rules: AcceptRules,
): { readonly replaced: readonly Candidate[]; readonly receipts: readonly Candidate[] } {
  const { threads, all } = concernedReceipts(message, rules);
  const select = (condition: string, ...values: readonly string[]) =>
    db
      .sql(`select ${CANDIDATE_COLUMNS} from silo where ${condition}`)
      .all(...values)
      .map(toCandidate);
  return {
    replaced: threads.flatMap((thread) => select('thread = ? and box = ?', thread, message.box)),
    receipts: all ? select('box = ? and kind = 1 order by id', message.box) : [],
  };
}

function erase(db: Sqlite, messages: readonly Candidate[], reason: string, now: number): Dropped[] {
  const dropped = messages.map((message) => toDropped(message, reason));
  for (const message of dropped) endRow(db, message, { outcome: message.outcome, status: 0, reason }, now);
  return dropped;
}
