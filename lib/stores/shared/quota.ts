/** Quotas: is there room for a message, and if not, which waiting ones make room? The part that both engines share. */
import { int, sizeOf, toEnded, type Row } from './rows.ts';
import type { Ended, NewMessage } from '../contract/message.ts';
import type { AcceptRules, Dropped, Quota } from '../contract/accept.ts';

/** What waits in a box or a domain. */
export interface Usage {
  messages: number;
  bytes: number;
}

/** One limit that applies to a message: the column and the value that say what it counts. */
export interface Limit {
  readonly column: 'box' | 'domain';
  readonly name: string;
  readonly quota: Quota;
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
}

/** Columns of {@link toCandidate}. */
export const CANDIDATE_COLUMNS = 'id, dedup, box, size, taken_by is not null as taken';

export function toCandidate(row: Row): Candidate {
  return { ...toEnded(row), size: int(row, 'size'), taken: int(row, 'taken') !== 0 };
}

export function toDropped({ id, key, box, taken }: Candidate, reason: string): Dropped {
  return { id, key, box, reason, outcome: taken ? 'delivered' : 'erased' };
}

/** Candidates that are looked at, and locked, first: nearly always one is enough. */
const FEW_CANDIDATES = 20;
/** Candidates that are looked at then; who needs more than these gives up. */
const MAX_CANDIDATES = 1000;

/** How many candidates to look at, one look after the other until they are enough. */
export function looksFor({ messages }: Excess): readonly number[] {
  return [Math.min(messages + FEW_CANDIDATES, MAX_CANDIDATES), MAX_CANDIDATES];
}

/** Who may make room: receipts, then, where the operator wants that, messages. */
export function kindsOf(overflow: AcceptRules['overflow']): readonly number[] {
  return { reject: [], 'drop-receipts': [1], 'drop-oldest': [1, 0] }[overflow];
}

/** The oldest first, as an index has them: in a box in the order in which they would be sent. */
export const OLDEST_FIRST = { box: 'snd_time, id', domain: 'id' } as const;

export const QUOTA_REASON = 'quota: made room for a newer one';
export const REPLACED_REASON = 'replaced by a newer receipt';
/** Those that gave way may be on their way to a device just then: the ledger is put right when the device takes them. */
export const GAVE_WAY = [QUOTA_REASON, REPLACED_REASON];

function domainOf(box: string): string {
  return box.slice(box.lastIndexOf('@') + 1);
}

/** The limits that apply to a message, the narrow one first. */
export function limitsOf({ box }: NewMessage, rules: AcceptRules): readonly Limit[] {
  const limits: Limit[] = [
    { column: 'box', name: box, quota: rules.box },
    { column: 'domain', name: domainOf(box), quota: rules.domain },
  ];
  return limits.filter(({ quota }) => quota.messages > 0 || quota.bytes > 0);
}

/** By how much one more message would be too many; undefined when there is room. */
export function excessOf(usage: Usage, quota: Quota, message: NewMessage): Excess | undefined {
  const messages = quota.messages > 0 ? Math.max(0, usage.messages + 1 - quota.messages) : 0;
  const bytes = quota.bytes > 0 ? Math.max(0, usage.bytes + sizeOf(message) - quota.bytes) : 0;
  return messages > 0 || bytes > 0 ? { messages, bytes } : undefined;
}

/** The first candidates that together make enough room; undefined when all of them do not. */
export function enough<C extends Candidate>(
  candidates: readonly C[],
  excess: Excess,
): readonly C[] | undefined {
  let { messages, bytes } = excess;
  const chosen: C[] = [];
  for (const candidate of candidates) {
    if (messages <= 0 && bytes <= 0) break;
    chosen.push(candidate);
    messages--;
    bytes -= candidate.size;
  }
  return messages <= 0 && bytes <= 0 ? chosen : undefined;
}

/** The oldest of those that wait, so that there is room for one more. */
export function surplusOf<C extends Candidate>(waiting: readonly C[], most: number): readonly C[] {
  return waiting.slice(0, Math.max(0, waiting.length + 1 - most));
}

/** Each once. */
export function distinct<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  return [...new Map(candidates.map((candidate) => [candidate.id, candidate])).values()];
}

export function without<C extends Candidate>(candidates: readonly C[], others: readonly C[]): readonly C[] {
  const ids = new Set(others.map(({ id }) => id));
  return candidates.filter(({ id }) => !ids.has(id));
}

export function fullSentence({ column, name, quota }: Limit, usage: Usage): string {
  const whose = column === 'box' ? `The box of ${name}` : `The domain ${name}`;
  const most = [
    ...(quota.messages > 0 ? [`${quota.messages} messages`] : []),
    ...(quota.bytes > 0 ? [`${quota.bytes} bytes`] : []),
  ];
  return `${whose} is full: ${usage.messages} messages of ${usage.bytes} bytes wait, at most ${most.join(' and ')} may; try again later.`;
}

/** Usage that was counted a moment ago is good enough while it is this far below the limit, for so many ms. */
const FAR_BELOW = 0.9;
const FRESH = 1000;
const QUICK = 2000;

/**
 * Counting a domain of a million messages takes its time: far below the limit it is done once a second, near the limit
 * for each batch, so that the limit is exact.
 */
export class DomainUsage {
  readonly #known = new Map<string, { readonly usage: Usage; readonly at: number }>();

  /** What to count on without looking; undefined: count. */
  recent({ name, quota }: Limit): Usage | undefined {
    const known = this.#known.get(name);
    if (known === undefined || performance.now() - known.at > FRESH) return undefined;
    const { messages, bytes } = known.usage;
    // Counting few is cheap, and other nodes may add as many within the second.
    if (messages < QUICK) return undefined;
    const near =
      (quota.messages > 0 && messages > quota.messages * FAR_BELOW) ||
      (quota.bytes > 0 && bytes > quota.bytes * FAR_BELOW);
    return near ? undefined : known.usage;
  }

  counted(name: string, usage: Usage): void {
    if (this.#known.size > 10_000) this.#known.clear();
    this.#known.set(name, { usage, at: performance.now() });
  }
}
