/** How many different addresses a sender writes to: one that it has not written to for a minute is another one. */
import { BoundedMap } from '../../base/bounded-map.ts';
import { MOST_KEYS, Rate } from './rate.ts';

const MINUTE_MS = 60_000;

export class NewRecipients {
  /** When each pair was last seen. */
  readonly #seen = new BoundedMap<string, number>(MOST_KEYS, 'limits-recipients');
  readonly #rate: Rate;
  readonly #limited: boolean;
  readonly #now: () => number;

  constructor(perMinute: number, now: () => number) {
    this.#rate = new Rate({ perSecond: perMinute / 60, burst: perMinute }, now);
    this.#limited = perMinute > 0;
    this.#now = now;
  }

  get size(): number {
    return this.#seen.size + this.#rate.size;
  }

  forget(): void {
    this.#seen.clear();
    this.#rate.forget();
  }

  /** Milliseconds to wait until this sender may write to this recipient, too; 0: now, and it is noted. */
  take(sender: string, pair: string): number {
    if (!this.#limited) return 0;
    const now = this.#now();
    const known = now - (this.#seen.get(pair) ?? -Infinity) < MINUTE_MS;
    const wait = known ? 0 : this.#rate.take(sender);
    if (wait === 0) this.#seen.set(pair, now);
    return wait;
  }
}
