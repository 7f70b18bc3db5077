/** What the engine does in its own thread, it does at once, without promises. */
export type Synchronous<T> = {
  [M in keyof T]: T[M] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};
