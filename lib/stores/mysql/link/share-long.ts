/** Counting a table of millions takes its time, and whoever asks for it may ask often. */

/** What took at least so many ms is good for some times as long. */
const LONG = 250;
const TIMES = 10;

/** One at a time, for all who ask meanwhile; what took long takes no more than a tenth of the time. */
export function shareLong<T>(work: () => Promise<T>): () => Promise<T> {
  let shared: Promise<T> | undefined;
  let until = 0;
  return () => {
    if (shared && performance.now() < until) return shared;
    const begun = performance.now();
    until = Infinity;
    shared = work().finally(() => {
      const took = performance.now() - begun;
      until = took < LONG ? 0 : begun + (TIMES + 1) * took;
    });
    shared.catch(() => (until = 0));
    return shared;
  };
}
