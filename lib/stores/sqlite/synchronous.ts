/** Parts of the store as the engine does them in its own thread: at once, without promises. */
import type { ReadStore } from '../shared/reads.ts';
import type { Sweeps } from './sweeps.ts';

export type Synchronous<T> = {
  [M in keyof T]: T[M] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};

/** What a part does itself: all but the sweeps and the reads that both engines share. */
export type Part<T> = Synchronous<Omit<T, keyof Sweeps | keyof ReadStore | 'forgetTurns'>>;
