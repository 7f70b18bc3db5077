/**
 * Quotas: is there room for a message, and if not, which waiting ones make room? Decided here for both engines, which
 * only fetch what is asked for and end what gives way.
 */
import { int, text, type Row } from './values.ts';
import { senderOf, sizeOf, toEnded } from './rows.ts';
import type { Ended, NewMessage } from '../contract/message.ts';
import type { AcceptRules, Dropped, Quota } from '../contract/accept.ts';

/** What waits in a box or a domain. */
export interface Usage {
  messages: number;
  bytes: number;
}

/** One limit that applies to a message: the column and the value that say what it counts, and whose where not everybody's. */
export interface Limit {
  readonly column: 'box' | 'domain';
  readonly name: string;
  readonly quota: Quota;
  readonly sender?: string;
}

/** How much is too much. */
export interface Excess {
  readonly messages: number;
  readonly bytes: number;
}

/** A waiting message that may make room. */
export interface Candidate extends Ended {
  readonly size: number;
  /** At least one of several devices has it. */
  readonly taken: boolean;
  /** '' for a row that is older than this, or of another program. */
  readonly sender: string;
}

/** What the decision rests on; usages and candidates in the order of {@link limitsOf}. */
export interface Situation {
  readonly usages: readonly Usage[];
  /** Receipts that the message replaces, and all that wait in its box, the oldest first: see {@link concernedReceipts}. */
  readonly replaced: readonly Candidate[];
  readonly receipts: readonly Candidate[];
  /** Who may make room for each limit, in the order in which they go: see {@link excesses}, {@link LOOKS}. */
  readonly candidates: readonly (readonly Candidate[])[];
}

export interface Plan {
  /** Why there is no room, a sentence: then nothing is to be done. */
  readonly full?: string;
  /** Whose place the message takes, and who gives way to it. */
  readonly replaced: readonly Candidate[];
  readonly giveWay: readonly Candidate[];
}

/** What one sender has there. The rows themselves say whose they are: those of a box are few. */
export const SENDER_USAGE = {
  box: `select coalesce(sum(sender = ?), 0) as messages, coalesce(sum(case when sender = ? then size end), 0) as bytes
          from silo where box = ?`,
  domain:
    'select count(*) as messages, coalesce(sum(size), 0) as bytes from silo where domain = ? and sender = ?',
} as const;

/** Columns of {@link toCandidate}. */
export const CANDIDATE_COLUMNS = 'id, dedup, box, size, sender, taken_by is not null as taken';

export function toCandidate(row: Row): Candidate {
  const [size, taken] = [int(row, 'size'), int(row, 'taken') !== 0];
  return { ...toEnded(row), size, taken, sender: row['sender'] === null ? '' : text(row, 'sender') };
}

export function toDropped({ id, key, box, taken }: Candidate, reason: string): Dropped {
  return { id, key, box, reason, outcome: taken ? 'delivered' : 'erased' };
}

/** Candidates that are looked at, and locked: nearly always one more than too many is enough. */
const FEW_CANDIDATES = 20;
/** A message that needs more than these gets no room. */
const MAX_CANDIDATES = 1000;

/**
 * How many candidates to fetch for a limit, one look after the other until the plan is not `full`. First none: what is
 * replaced may be enough.
 */
export const LOOKS: readonly ((excess: Excess) => number)[] = [
  () => 0,
  ({ messages }) => Math.min(messages + FEW_CANDIDATES, MAX_CANDIDATES),
  () => MAX_CANDIDATES,
];

/** Who may make room: receipts, then, where the operator wants that, messages. */
export function kindsOf(overflow: AcceptRules['overflow']): readonly number[] {
  return { reject: [], 'drop-receipts': [1], 'drop-oldest': [1, 0] }[overflow];
}

/** The oldest first, as an index has them: in a box in the order in which they would be sent. */
export const OLDEST_FIRST = { box: 'snd_time, id', domain: 'id' } as const;

export const QUOTA_REASON = 'quota: made room for a newer one';
export const REPLACED_REASON = 'replaced by a newer receipt';
/** Those that gave way may be on their way to a device just then: the ledger is put right when the device takes them. */
export const GAVE_WAY = [QUOTA_REASON, REPLACED_REASON] as const;

export function domainOf(box: string): string {
  return box.slice(box.lastIndexOf('@') + 1);
}

/** So much one sender may always hold: in a small box there is nothing to share. */
const LEAST: Quota = { messages: 10, bytes: 40_000 };

/** What one sender may hold where all together may hold this. */
function shareOf({ messages, bytes }: Quota, percent: number): Quota {
  const part = (most: number, least: number) => {
    const share = Math.max(least, Math.ceil((most * percent) / 100));
    return share < most ? share : 0;
  };
  return { messages: part(messages, LEAST.messages), bytes: part(bytes, LEAST.bytes) };
}

/** The limits that apply to a message: of all senders together, the narrow one first, then what of each may be this sender's. */
export function limitsOf({ box, srcAddr }: NewMessage, rules: AcceptRules): readonly Limit[] {
  const limited = ({ quota }: Limit) => quota.messages > 0 || quota.bytes > 0;
  const all: readonly Limit[] = [
    { column: 'box', name: box, quota: rules.box },
    { column: 'domain', name: domainOf(box), quota: rules.domain },
  ];
  const shares = all
    .map((limit): Limit => ({ ...limit, quota: shareOf(limit.quota, rules.share ?? 100) }))
    .filter(limited);
  if (shares.length === 0) return all.filter(limited);
  const sender = senderOf(srcAddr);
  return [...all.filter(limited), ...shares.map((limit) => ({ ...limit, sender }))];
}

/**
 * What of a share is known without counting whose it is: all that waits there, while even that would be within the share.
 * @param usages those of the limits so far
 */
export function boundOf(
  message: NewMessage,
  limits: readonly Limit[],
  usages: readonly Usage[],
): Usage | undefined {
  const limit = limits[usages.length];
  if (limit?.sender === undefined) return undefined;
  const whole = usages[limits.findIndex(({ column }) => column === limit.column)];
  return whole && excesses(message, [limit], [whole])[0] === undefined ? whole : undefined;
}

/** Which waiting receipts of its box a message has to do with: those of `threads`, and `all` when there may be too many. */
export function concernedReceipts(
  { kind }: NewMessage,
  { replaces, receipts }: AcceptRules,
): { readonly threads: readonly string[]; readonly all: boolean } {
  return kind === 'receipt' ? { threads: replaces, all: receipts > 0 } : { threads: [], all: false };
}

/** For each limit, by how much one more message would be too many; undefined where there is room. */
export function excesses(
  message: NewMessage,
  limits: readonly Limit[],
  usages: readonly Usage[],
): readonly (Excess | undefined)[] {
  return limits.map(({ quota }, index) => {
    const usage = usages[index] ?? { messages: 0, bytes: 0 };
    const messages = quota.messages > 0 ? Math.max(0, usage.messages + 1 - quota.messages) : 0;
    const bytes = quota.bytes > 0 ? Math.max(0, usage.bytes + sizeOf(message) - quota.bytes) : 0;
    return messages > 0 || bytes > 0 ? { messages, bytes } : undefined;
  });
}

/** The decision. Those that are replaced, or are one receipt too many, go anyway and are the first to make room. */
export function plan(message: NewMessage, rules: AcceptRules, situation: Situation): Plan {
  const { usages, replaced, candidates } = situation;
  const limits = limitsOf(message, rules);
  const surplus = surplusOf(message, rules, without(situation.receipts, replaced));
  const giveWay = [...surplus];
  for (const [index, excess] of excesses(message, limits, usages).entries()) {
    const limit = limits[index];
    const usage = usages[index];
    if (!excess || !limit || !usage) continue;
    const chosen = enough(distinct([...replaced, ...surplus, ...(candidates[index] ?? [])]), excess);
    if (!chosen) return { full: fullSentence(limit, usage), replaced: [], giveWay: [] };
    giveWay.push(...chosen);
  }
  return { replaced, giveWay: without(distinct(giveWay), replaced) };
}

/** The first candidates that together make enough room; undefined when all of them do not. */
function enough(candidates: readonly Candidate[], excess: Excess): readonly Candidate[] | undefined {
  let { messages, bytes } = excess;
  const chosen: Candidate[] = [];
  for (const candidate of candidates) {
    if (messages <= 0 && bytes <= 0) break;
    chosen.push(candidate);
    messages--;
    bytes -= candidate.size;
  }
  return messages <= 0 && bytes <= 0 ? chosen : undefined;
}

/** The oldest of the other receipts, so that there is room for one more. */
function surplusOf(
  message: NewMessage,
  rules: AcceptRules,
  waiting: readonly Candidate[],
): readonly Candidate[] {
  if (!concernedReceipts(message, rules).all) return [];
  return waiting.slice(0, Math.max(0, waiting.length + 1 - rules.receipts));
}

/** Each once. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.id, candidate])).values()];
}

function without(candidates: readonly Candidate[], others: readonly Candidate[]): readonly Candidate[] {
  const ids = new Set(others.map(({ id }) => id));
  return candidates.filter(({ id }) => !ids.has(id));
}

function fullSentence({ column, name, quota, sender }: Limit, usage: Usage): string {
  const whose = column === 'box' ? `he box of ${name}` : `he domain ${name}`;
  const most = [
    ...(quota.messages > 0 ? [`${quota.messages} messages`] : []),
    ...(quota.bytes > 0 ? [`${quota.bytes} bytes`] : []),
  ].join(' and ');
  const wait = `${usage.messages} messages of ${usage.bytes} bytes wait`;
  return sender === undefined
    ? `T${whose} is full: ${wait}, at most ${most} may; try again later.`
    : `T${whose} has enough of this sender: ${wait}, at most ${most} of one sender may; try again later.`;
}
