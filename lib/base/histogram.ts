/**
 * How long something takes, in buckets: a few nanoseconds for each value, so that the way of a message can afford it. What reads it
 * (the metrics) does so once every few seconds.
 */

/** Seconds, unless it says otherwise. */
export interface Distribution {
  /** Upper ends of the buckets, each included; above the last one there is one more. */
  readonly bounds: readonly number[];
  /** Values in each bucket and not in those before it; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds rising */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    // Most values are in the first few buckets: from the lowest up is as fast as halving.
    while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  read(): Distribution {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}

/** What is answered at once: 1 ms to 10 s. */
export const QUICK: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
/** What waits for a person: a second to a week. */
export const LONG: readonly number[] = [
  1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800,
];
