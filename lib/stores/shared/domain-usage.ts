/** How much waits in a domain, without looking for each message. */
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Limit, Usage } from './quota.ts';

/** Usage that was counted a moment ago is good enough while it is this far below the limit, for so many ms. */
const FAR_BELOW = 0.9;
const FRESH = 1000;
const QUICK = 2000;
const MOST_DOMAINS = 10_000;

/** Is it more than nine tenths full? */
export function isNear({ quota }: Limit, { messages, bytes }: Usage): boolean {
  return (
    (quota.messages > 0 && messages > quota.messages * FAR_BELOW) ||
    (quota.bytes > 0 && bytes > quota.bytes * FAR_BELOW)
  );
}

/**
 * Whoever looks how a domain stands has its turn until the end of his transaction. Far below the limit it is done once a
 * second, near the limit for each batch, so that the limit is exact.
 */
export class DomainUsage {
  readonly #known = new BoundedMap<string, { readonly usage: Usage; readonly at: number }>(
    MOST_DOMAINS,
    'domain-usage',
  );

  /** What to count on without looking; undefined: count. */
  recent(limit: Limit): Usage | undefined {
    const known = this.#known.get(limit.name);
    if (known === undefined || performance.now() - known.at > FRESH) return undefined;
    // Other nodes may add as many within the second.
    if (known.usage.messages < QUICK) return undefined;
    return isNear(limit, known.usage) ? undefined : known.usage;
  }

  counted(name: string, usage: Usage): void {
    this.#known.set(name, { usage, at: performance.now() });
  }
}
