/** Accepting in SQLite: inside one transaction, one message after the other. */
import type { DomainUsage } from '../shared/quota.ts';
import {
  CANDIDATE_COLUMNS,
  OLDEST_FIRST,
  QUOTA_REASON,
  REPLACED_REASON,
  distinct,
  enough,
  excessOf,
  fullSentence,
  kindsOf,
  limitsOf,
  looksFor,
  toCandidate,
  toDropped,
  surplusOf,
  without,
  type Candidate,
  type Excess,
  type Limit,
  type Usage,
} from '../shared/quota.ts';
import { INSERT_COLUMNS, fromMessage, int, sizeOf } from '../shared/rows.ts';
import { endRow } from './end.ts';
import { noteChange } from './changes.ts';
import type { Sqlite } from './database.ts';
import type { NewMessage } from '../contract/message.ts';
import type { Accepted, AcceptRules, Dropped, Overflow } from '../contract/accept.ts';

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
  const replaced = replacedOnes(db, message, rules);
  const surplus = surplusOnes(db, message, rules, replaced);
  const giveWay = new Map<number, Candidate>();
  for (const limit of limitsOf(message, rules)) {
    const usage = usageOf(db, domains, limit);
    const excess = excessOf(usage, limit.quota, message);
    if (excess) {
      const chosen = makeRoom(db, limit, rules.overflow, excess, [...replaced, ...surplus]);
      if (!chosen) return { stored: false, id: 0, full: fullSentence(limit, usage) };
      for (const candidate of chosen) giveWay.set(candidate.id, candidate);
    }
    usage.messages++;
    usage.bytes += sizeOf(message);
  }
  const dropped = [
    ...erase(db, replaced, REPLACED_REASON, now),
    ...erase(db, without(distinct([...surplus, ...giveWay.values()]), replaced), QUOTA_REASON, now),
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

/** Who may make room: receipts, then the oldest messages. */
function candidates(db: Sqlite, { column, name }: Limit, overflow: Overflow, most: number): Candidate[] {
  const found: Candidate[] = [];
  for (const kind of kindsOf(overflow))
    found.push(
      ...db
        .sql(
          `select ${CANDIDATE_COLUMNS} from silo where ${column} = ? and kind = ? and box is not null
             order by ${OLDEST_FIRST[column]} limit ?`,
        )
        .all(name, kind, most - found.length)
        .map(toCandidate),
    );
  return found;
}

/** Those that give way, the `preferred` ones first; undefined when there would not be room even so. */
function makeRoom(
  db: Sqlite,
  limit: Limit,
  overflow: Overflow,
  excess: Excess,
  preferred: readonly Candidate[],
): readonly Candidate[] | undefined {
  for (const most of looksFor(excess)) {
    const chosen = enough(distinct([...preferred, ...candidates(db, limit, overflow, most)]), excess);
    if (chosen) return chosen;
  }
  return undefined;
}

/** Waiting receipts that this one replaces. */
function replacedOnes(db: Sqlite, { box }: NewMessage, { replaces }: AcceptRules): readonly Candidate[] {
  return replaces.flatMap((thread) =>
    db
      .sql(`select ${CANDIDATE_COLUMNS} from silo where thread = ? and box = ?`)
      .all(thread, box)
      .map(toCandidate),
  );
}

/** The oldest of the other receipts, where there would be too many. */
function surplusOnes(
  db: Sqlite,
  { box, kind }: NewMessage,
  { receipts }: AcceptRules,
  replaced: readonly Candidate[],
): readonly Candidate[] {
  if (kind !== 'receipt' || receipts === 0) return [];
  const waiting = db
    .sql(`select ${CANDIDATE_COLUMNS} from silo where box = ? and kind = 1 order by id`)
    .all(box)
    .map(toCandidate);
  return surplusOf(without(waiting, replaced), receipts);
}

function erase(db: Sqlite, messages: readonly Candidate[], reason: string, now: number): Dropped[] {
  const dropped = messages.map((message) => toDropped(message, reason));
  for (const message of dropped) endRow(db, message, { outcome: message.outcome, status: 0, reason }, now);
  return dropped;
}
