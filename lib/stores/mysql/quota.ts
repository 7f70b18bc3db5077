/** Quotas in MySQL: whoever counts a box or a domain before adding to it takes a turn, so that nobody else adds meanwhile. */
import { endRows } from './inside/end.ts';
import { lock } from './link/locks.ts';
import type { Queries } from './link/transaction.ts';
import { takeTurns } from './turns.ts';
import { domainState, type DomainState } from './inside/usage.ts';
import type { DomainUsage } from '../shared/domain-usage.ts';
import type { SenderUsage } from '../shared/sender-usage.ts';
import {
  SENDER_USAGE,
  CANDIDATE_COLUMNS,
  LOOKS,
  OLDEST_FIRST,
  QUOTA_REASON,
  REPLACED_REASON,
  boundOf,
  concernedReceipts,
  domainOf,
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
import { sizeOf } from '../shared/rows.ts';
import { int } from '../shared/values.ts';
import type { NewMessage } from '../contract/message.ts';
import type { Accepted, AcceptRules, Dropped, Overflow } from '../contract/accept.ts';

export interface Accepting {
  readonly message: NewMessage;
  readonly rules: AcceptRules | undefined;
}

/** What is known of domains for a while. */
export interface KnownUsage {
  readonly all: DomainUsage;
  readonly senders: SenderUsage;
}

export interface AdmissionContext {
  readonly tx: Queries;
  readonly domains: KnownUsage;
  readonly looked: Map<string, DomainState>;
  readonly now: number;
  /** Puts those into the table that were admitted so far: they can give way, too. */
  readonly insert: () => Promise<void>;
}

/** For the messages of one transaction. */
export interface Admission {
  /** Is there room for this message? What has to give way for it is ended here and now. */
  admit(accepting: Accepting): Promise<Pick<Accepted, 'full' | 'dropped'>>;
}

export async function createAdmission(
  context: AdmissionContext,
  items: readonly Accepting[],
): Promise<Admission> {
  const { tx, now, domains, insert } = context;
  const known = await usagesOf(context, items);

  async function usageOf(limit: Limit): Promise<Usage> {
    let usage = known.get(nameOf(limit));
    if (usage === undefined && limit.sender !== undefined) {
      await insert();
      usage = await senderUsage(tx, domains.senders, limit);
      known.set(nameOf(limit), usage);
    }
    return usage ?? { messages: 0, bytes: 0 };
  }

  async function planFor(message: NewMessage, rules: AcceptRules): Promise<Plan> {
    const limits = limitsOf(message, rules);
    const usages: Usage[] = [];
    for (const limit of limits) usages.push(boundOf(message, limits, usages) ?? (await usageOf(limit)));
    const excess = excesses(message, limits, usages);
    const receipts = await receiptsFor(message, rules);
    let decided: Plan = { replaced: [], giveWay: [] };
    for (const look of LOOKS) {
      const candidates: (readonly Candidate[])[] = [];
      for (const [index, limit] of limits.entries()) {
        const much = excess[index];
        candidates.push(much ? await candidatesOf(limit, rules.overflow, look(much)) : []);
      }
      decided = plan(message, rules, { usages, ...receipts, candidates });
      if (decided.full === undefined) break;
    }
    return decided;
  }

  async function receiptsFor(
    message: NewMessage,
    rules: AcceptRules,
  ): Promise<{ readonly replaced: readonly Candidate[]; readonly receipts: readonly Candidate[] }> {
    const { threads, all } = concernedReceipts(message, rules);
    if (threads.length > 0 || all) await insert();
    return {
      replaced:
        threads.length === 0 ? [] : await select(tx, 'thread in (?) and box = ?', [threads, message.box]),
      receipts: all ? await select(tx, 'box = ? and kind = 1 order by id', [message.box]) : [],
    };
  }

  /** Who may make room: receipts, then the oldest messages. Each kind by itself, so that only those are locked. */
  async function candidatesOf(
    { column, name, sender }: Limit,
    overflow: Overflow,
    most: number,
  ): Promise<readonly Candidate[]> {
    const found: Candidate[] = [];
    const [whose, values] = sender === undefined ? ['', [name]] : ['sender = ? and', [sender, name]];
    for (const kind of kindsOf(overflow)) {
      if (found.length >= most) break;
      await insert();
      found.push(
        ...(await select(
          tx,
          `${whose} ${column} = ? and kind = ? and box is not null
             order by ${OLDEST_FIRST[column]} limit ${most - found.length}`,
          [...values, kind],
        )),
      );
    }
    return found;
  }

  async function erase(messages: readonly Candidate[], reason: string): Promise<Dropped[]> {
    for (const outcome of ['erased', 'delivered'] as const) {
      const those = messages.filter(({ taken }) => taken === (outcome === 'delivered'));
      await endRows(tx, those, { outcome, status: 0, reason, now });
    }
    for (const { box, size, sender } of messages)
      for (const name of [box, `@${domainOf(box)}`]) {
        add(known.get(name), -1, -size);
        add(known.get(`${name} ${sender}`), -1, -size);
      }
    return messages.map((message) => toDropped(message, reason));
  }

  return {
    admit: async ({ message, rules }) => {
      if (!rules) return {};
      const { full, replaced, giveWay } = await planFor(message, rules);
      if (full !== undefined) return { full };
      const dropped = [...(await erase(replaced, REPLACED_REASON)), ...(await erase(giveWay, QUOTA_REASON))];
      for (const limit of limitsOf(message, rules)) add(known.get(nameOf(limit)), 1, sizeOf(message));
      return dropped.length === 0 ? {} : { dropped };
    },
  };
}

/** How much waits in each box and domain that has a limit here, counted while nobody else adds to it. */
async function usagesOf(
  { tx, domains, looked, now }: AdmissionContext,
  items: readonly Accepting[],
): Promise<Map<string, Usage>> {
  const usages = new Map<string, Usage>();
  const limits = items
    .flatMap(({ message, rules }) => (rules ? limitsOf(message, rules) : []))
    .filter(({ sender }) => sender === undefined);
  // A domain far below its limit is taken as it was counted a moment ago; nobody waits for a turn then.
  for (const limit of limits) {
    const recent = limit.column === 'domain' ? domains.all.recent(limit) : undefined;
    if (recent) usages.set(nameOf(limit), recent);
  }
  const counted = new Map(
    limits.filter((limit) => !usages.has(nameOf(limit))).map((limit) => [nameOf(limit), limit]),
  );
  await takeTurns(tx, [...counted.keys()], now);
  for (const [name, limit] of counted) {
    if (limit.column === 'domain') {
      const state = await domainState(tx, limit);
      looked.set(limit.name, state);
      domains.all.counted(limit.name, state.usage);
      usages.set(name, state.usage);
    } else usages.set(name, await countBox(tx, limit.name));
  }
  return usages;
}

function add(usage: Usage | undefined, messages: number, bytes: number): void {
  if (!usage) return;
  usage.messages += messages;
  usage.bytes += bytes;
}

/** A box is `user@host`, a domain `@host`; behind it whose share it is. */
function nameOf({ column, name, sender }: Limit): string {
  const place = column === 'box' ? name : `@${name}`;
  return sender === undefined ? place : `${place} ${sender}`;
}

/** Only asked for when more waits than one sender may have; whoever asks has the turn. */
async function senderUsage(tx: Queries, senders: SenderUsage, limit: Limit): Promise<Usage> {
  const { column, name, sender = '' } = limit;
  const recent = column === 'domain' ? senders.recent(limit) : undefined;
  if (recent) return recent;
  const values = column === 'box' ? [sender, sender, name] : [name, sender];
  const [row = {}] = await tx.all(SENDER_USAGE[column], values);
  const usage = { messages: int(row, 'messages'), bytes: int(row, 'bytes') };
  if (column === 'domain') senders.counted(limit, usage);
  return usage;
}

async function countBox(tx: Queries, box: string): Promise<Usage> {
  const [row = {}] = await tx.all(
    'select count(*) as messages, coalesce(sum(size), 0) as bytes from silo where box = ?',
    [box],
  );
  return { messages: int(row, 'messages'), bytes: int(row, 'bytes') };
}

/** Those that are locked are those that were looked for: when one has gone meanwhile, another may have to take its place. */
async function select(
  tx: Queries,
  condition: string,
  values: Parameters<Queries['all']>[1],
): Promise<Candidate[]> {
  for (;;) {
    const found = await tx.all(`select id from silo where ${condition}`, values);
    const ids = found.map((row) => int(row, 'id'));
    const locked = (await lock(tx, ['silo', CANDIDATE_COLUMNS], ids)).map(toCandidate);
    if (locked.length < ids.length) continue;
    const byId = new Map(locked.map((candidate) => [candidate.id, candidate]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
}
