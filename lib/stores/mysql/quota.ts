/** Quotas in MySQL: whoever counts a box or a domain before adding to it takes a turn, so that nobody else adds meanwhile. */
import { endRows } from './end.ts';
import type { Queries } from './link/transactions.ts';
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
  type DomainUsage,
  type Excess,
  type Limit,
  type Usage,
} from '../shared/quota.ts';
import { int, sizeOf } from '../shared/rows.ts';
import type { NewMessage } from '../contract/message.ts';
import type { Accepted, AcceptRules, Dropped, Overflow } from '../contract/accept.ts';

export interface Admission {
  /** Is there room for this message? What has to give way for it is ended here and now. */
  admit(message: NewMessage, rules: AcceptRules | undefined): Promise<Pick<Accepted, 'full' | 'dropped'>>;
}

/**
 * For the messages of one transaction.
 * @param insert puts those into the table that were admitted so far: they can give way, too
 */
export async function createAdmission(
  tx: Queries,
  domains: DomainUsage,
  items: readonly { readonly message: NewMessage; readonly rules: AcceptRules | undefined }[],
  now: number,
  insert: () => Promise<void>,
): Promise<Admission> {
  const limits = items.flatMap(({ message, rules }) => (rules ? limitsOf(message, rules) : []));
  const usages = new Map<string, Usage>();
  // A domain far below its limit is taken as it was counted a moment ago; nobody waits for a turn then.
  for (const limit of limits) {
    const recent = limit.column === 'domain' ? domains.recent(limit) : undefined;
    if (recent) usages.set(nameOf(limit), recent);
  }
  const counted = new Map(
    limits.filter((limit) => !usages.has(nameOf(limit))).map((limit) => [nameOf(limit), limit]),
  );
  await takeTurns(tx, [...counted.keys()], now);
  for (const [name, limit] of counted) {
    const usage = await count(tx, limit);
    usages.set(name, usage);
    if (limit.column === 'domain') domains.counted(limit.name, usage);
  }

  async function erase(messages: readonly Candidate[], reason: string): Promise<Dropped[]> {
    if (messages.length > 0) {
      for (const outcome of ['erased', 'delivered'] as const) {
        const those = messages.filter(({ taken }) => taken === (outcome === 'delivered'));
        await endRows(tx, those, { outcome, status: 0, reason }, now);
      }
      for (const { box, size } of messages)
        for (const name of [box, `@${box.slice(box.lastIndexOf('@') + 1)}`]) {
          const usage = usages.get(name);
          if (usage) {
            usage.messages--;
            usage.bytes -= size;
          }
        }
    }
    return messages.map((message) => toDropped(message, reason));
  }

  /** Who may make room: receipts, then the oldest messages. Each kind by itself, so that only those are locked. */
  async function candidates({ column, name }: Limit, overflow: Overflow, most: number): Promise<Candidate[]> {
    if (overflow !== 'reject') await insert();
    const found: Candidate[] = [];
    for (const kind of kindsOf(overflow))
      if (found.length < most)
        found.push(
          ...(await select(
            tx,
            `${column} = ? and kind = ? and box is not null order by ${OLDEST_FIRST[column]} limit ${most - found.length}`,
            [name, kind],
          )),
        );
    return found;
  }

  /** Those that give way, the `preferred` ones first; undefined when there would not be room even so. */
  async function makeRoom(
    limit: Limit,
    overflow: Overflow,
    excess: Excess,
    preferred: readonly Candidate[],
  ): Promise<readonly Candidate[] | undefined> {
    for (const most of looksFor(excess)) {
      const chosen = enough(distinct([...preferred, ...(await candidates(limit, overflow, most))]), excess);
      if (chosen) return chosen;
    }
    return undefined;
  }

  /** Waiting receipts that this one replaces, and the oldest of the others where there would be too many. */
  async function outdated(
    { box, kind }: NewMessage,
    { replaces, receipts }: AcceptRules,
  ): Promise<{ readonly replaced: readonly Candidate[]; readonly surplus: readonly Candidate[] }> {
    if (kind !== 'receipt') return { replaced: [], surplus: [] };
    await insert();
    const replaced =
      replaces.length === 0 ? [] : await select(tx, 'thread in (?) and box = ?', [replaces, box]);
    if (receipts === 0) return { replaced, surplus: [] };
    const waiting = await select(tx, 'box = ? and kind = 1 order by id', [box]);
    return { replaced, surplus: surplusOf(without(waiting, replaced), receipts) };
  }

  return {
    admit: async (message, rules) => {
      if (!rules) return {};
      const { replaced, surplus } = await outdated(message, rules);
      const giveWay = new Map<number, Candidate>();
      const applying = limitsOf(message, rules);
      for (const limit of applying) {
        const usage = usages.get(nameOf(limit)) ?? { messages: 0, bytes: 0 };
        const excess = excessOf(usage, limit.quota, message);
        if (!excess) continue;
        const chosen = await makeRoom(limit, rules.overflow, excess, [...replaced, ...surplus]);
        if (!chosen) return { full: fullSentence(limit, usage) };
        for (const candidate of chosen) giveWay.set(candidate.id, candidate);
      }
      const dropped = [
        ...(await erase(replaced, REPLACED_REASON)),
        ...(await erase(without(distinct([...surplus, ...giveWay.values()]), replaced), QUOTA_REASON)),
      ];
      for (const limit of applying) {
        const usage = usages.get(nameOf(limit));
        if (!usage) continue;
        usage.messages++;
        usage.bytes += sizeOf(message);
      }
      return dropped.length === 0 ? {} : { dropped };
    },
  };
}

/** A box is `user@host`, a domain `@host`. */
function nameOf({ column, name }: Limit): string {
  return column === 'box' ? name : `@${name}`;
}

/** Waits until nobody else has the turn of any of these, and keeps it until the end of the transaction. */
async function takeTurns(tx: Queries, names: readonly string[], now: number): Promise<void> {
  if (names.length === 0) return;
  // In one order, so that none waits in a ring.
  await tx.run(
    'insert into silo_turn (name, at) values ? on duplicate key update turn = turn + 1, at = values(at)',
    [[...names].sort().map((name) => [name, now])],
  );
}

async function count(tx: Queries, { column, name }: Limit): Promise<Usage> {
  const [row = {}] = await tx.all(
    `select count(*) as messages, coalesce(sum(size), 0) as bytes from silo where ${column} = ?`,
    [name],
  );
  return { messages: int(row, 'messages'), bytes: int(row, 'bytes') };
}

async function select(
  tx: Queries,
  condition: string,
  values: Parameters<Queries['all']>[1],
): Promise<Candidate[]> {
  const rows = await tx.all(`select ${CANDIDATE_COLUMNS} from silo where ${condition} for update`, values);
  return rows.map(toCandidate);
}
