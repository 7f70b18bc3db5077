/** What was lately: a set that forgets the oldest. */

/** Ended and own messages are remembered for this many entries, far more than can be in flight. */
const MEMORY = 100_000;

export interface RecentSet<T> {
  readonly add: (value: T) => void;
  readonly has: (value: T) => boolean;
}

/** The last so many values. */
export function createRecentSet<T>(): RecentSet<T> {
  const values = new Set<T>();
  return {
    add: (value) => {
      values.add(value);
      const [oldest] = values;
      if (values.size > MEMORY) values.delete(oldest as T);
    },
    has: (value) => values.has(value),
  };
}
