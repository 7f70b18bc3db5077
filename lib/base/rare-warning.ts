/** A warning that a stranger can set off as often as he likes: said once an hour, with how often it was left out since. */
import type { Logger } from './log.ts';

const HOUR_MS = 3_600_000;

export class RareWarning {
  readonly #log: Logger;
  readonly #now: () => number;
  #since = -Infinity;
  #leftOut = 0;

  /** @param now a clock in milliseconds that never goes back */
  constructor(log: Logger, now = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  say(text: string): void {
    if (this.#now() - this.#since < HOUR_MS) {
      this.#leftOut++;
      return;
    }
    this.#log.warn(
      this.#leftOut === 0 ? text : `${text} (and ${this.#leftOut} times before, since the last warning)`,
    );
    this.#since = this.#now();
    this.#leftOut = 0;
  }
}
