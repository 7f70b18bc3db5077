/** Quotas: is there room for a message, and if not, which waiting ones make room? The part that both engines share. */
import { sizeOf } from './rows.ts';
import type { AcceptRules, Ended, NewMessage, Quota } from './store.ts';

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
}

/** Candidates that are looked at; who needs more than these gives up. */
export const MAX_CANDIDATES = 1000;
export const QUOTA_REASON = 'quota: made room for a newer one';
export const REPLACED_REASON = 'replaced by a newer receipt';

export function domainOf(box: string): string {
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
