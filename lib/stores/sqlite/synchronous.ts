/** A part of the store as the engine does it in its own thread: at once, without promises. */
export type Synchronous<T> = {
  [M in keyof T]: T[M] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};
