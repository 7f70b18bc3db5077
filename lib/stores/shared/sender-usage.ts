/**
 * How much of a domain is one sender's, without counting it for each message: it may be half a million rows. It is counted every few
 * seconds, and what is added here meanwhile is added to it; what other nodes add counts later. A share is to be fair, not exact.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Limit, Usage } from './quota.ts';

const FRESH_MS = 5_000;
const MOST = 10_000;

export class SenderUsage {
  readonly #known = new BoundedMap<string, { readonly usage: Usage; readonly until: number }>(
    MOST,
    'sender-usage',
  );

  /** What may be counted on, and added to; undefined: count. */
  recent({ name, sender = '' }: Limit): Usage | undefined {
    const known = this.#known.get(`${sender} ${name}`);
    return known === undefined || known.until < performance.now() ? undefined : known.usage;
  }

  counted({ name, sender = '' }: Limit, usage: Usage): void {
    this.#known.set(`${sender} ${name}`, { usage, until: performance.now() + FRESH_MS });
  }
}
