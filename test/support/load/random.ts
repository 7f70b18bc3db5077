/** Chance that can be had again: the seed of a run is printed, and `FAULT_SEED` repeats its decisions. */
import { randomInt } from 'node:crypto';

export interface Chance {
  readonly seed: number;
  /** 0 to 1. */
  next(): number;
  /** A whole number from `least` to `most` - 1. */
  between(least: number, most: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

export function chance(seed = Number(process.env['FAULT_SEED'] ?? randomInt(1, 1_000_000))): Chance {
  const next = randomFrom(seed);
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least));
  return { seed, next, between, pick: (choices) => choices[between(0, choices.length)] ?? choices[0] };
}

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
