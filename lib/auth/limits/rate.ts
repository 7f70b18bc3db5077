/**
 * How fast each of many may go: the generic cell rate algorithm (ITU-T I.371), which keeps one number a key. That number is the
 * time at which all that the key has taken would have come, had it come evenly. No timer, no window that begins anew.
 */
import { BoundedMap } from '../../base/bounded-map.ts';

/**
 * Keys that are remembered; one takes about 170 bytes. Who asked longest ago is forgotten first, and is then as good as new: to be
 * forgotten a key must stay out of the way of so many others that it would have been by then.
 */
export const MOST_KEYS = 20_000;

/** How fast units may be taken. */
export interface Pace {
  /** 0: without a limit. */
  readonly perSecond: number;
  /** At once, by one who has not asked for a while. */
  readonly burst: number;
}

export class Rate {
  readonly #even = new BoundedMap<string, number>(MOST_KEYS, 'limits');
  /** Milliseconds that one unit stands for. */
  readonly #each: number;
  readonly #most: number;
  readonly #now: () => number;

  constructor({ perSecond, burst }: Pace, now: () => number) {
    this.#each = perSecond === 0 ? 0 : 1_000 / perSecond;
    this.#most = Math.max(1, burst) * this.#each;
    this.#now = now;
  }

  get size(): number {
    return this.#even.size;
  }

  /**
   * Milliseconds to wait until so much may be taken; 0: it is taken. What is more than fits at all is taken by who has taken
   * nothing. @param share of what may be taken at once, so that others have the rest
   */
  take(key: string, amount = 1, share = 1): number {
    if (this.#each === 0) return 0;
    const now = this.#now();
    const then =
      Math.max(this.#even.get(key) ?? now, now) + Math.min(amount * this.#each, this.#most * share);
    const wait = then - now - this.#most * share;
    // Less than this is not a time but what is left of adding fractions.
    if (wait > 0.001) return wait;
    this.#even.set(key, then);
    return 0;
  }

  /** Everybody is as good as new. */
  forget(): void {
    this.#even.clear();
  }

  /** Could one be taken? */
  hasRoom(key: string): boolean {
    return this.#each === 0 || (this.#even.get(key) ?? -Infinity) - this.#now() + this.#each <= this.#most;
  }

  /** It was not needed after all. */
  giveBack(key: string, amount = 1): void {
    const then = this.#even.get(key);
    if (then !== undefined) this.#even.set(key, then - Math.min(amount * this.#each, this.#most));
  }
}
