/** How much waits in a domain, without counting it for each message. */
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Limit, Usage } from './quota.ts';

/** Usage that was counted a moment ago is good enough while it is this far below the limit, for so many ms. */
const FAR_BELOW = 0.9;
const FRESH = 1000;
const QUICK = 2000;
const MOST_DOMAINS = 10_000;

/**
 * Counting a domain of a million messages takes its time: far below the limit it is done once a second, near the limit
 * for each batch, so that the limit is exact.
 */
export class DomainUsage {
  readonly #known = new BoundedMap<string, { readonly usage: Usage; readonly at: number }>(MOST_DOMAINS);

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
    this.#known.set(name, { usage, at: performance.now() });
  }
}
