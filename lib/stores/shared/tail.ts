/**
 * Following a table that several nodes append to. A row may become visible after one with a higher id: its transaction was slower. So
 * what is behind the highest id that is known is read at each look, and the ids that are missing before it for ten seconds more.
 *
 *   1 2 3 . . 6 7 . 9 10 │ 11 …
 *         gaps           │ what is new
 */
import { noteMemory } from '../../base/memories.ts';

const PAGE = 1000;
const OVERLAP_MS = 10_000;
/** With more gaps all from the first one on is read: databases that count in twos or threes (Galera) leave one at every step. */
const MOST_READS = 20;
/** What is missing longest is given up early: whoever follows has another way, slower, to find it. */
const MOST_GAPS = 100_000;

export interface Tail<Row extends { readonly id: number }> {
  /** From here on. */
  start(mark: number): void;
  /** This row is known: it is not read. */
  known(id: number): void;
  /** Hands on the rows that have become visible since the last look, in pages, each once. What `onRows` fails at comes again. */
  look(onRows: (fresh: readonly Row[]) => Promise<void> | void): Promise<void>;
}

/** Ids that were not seen, though higher ones were. */
interface Gap {
  readonly from: number;
  readonly to: number;
  /** ms of the steady clock */
  readonly at: number;
}

/**
 * @param read rows with an id above `after`, in order, at most `limit`
 * @param name of the memory that it has, for `memories()`
 */
export function createTail<Row extends { readonly id: number }>(
  read: (after: number, limit: number) => Promise<readonly Row[]>,
  name: string,
  now: () => number = () => performance.now(),
): Tail<Row> {
  const ids = new Ids(now);
  noteMemory(name, ids);

  /** Of the ids up to `to`, as far as they are there. */
  async function readOn(
    after: number,
    to: number,
    onRows: (fresh: readonly Row[]) => Promise<void> | void,
  ): Promise<void> {
    for (let last = after; last < to;) {
      const limit = Math.min(PAGE, to - last);
      const rows = await read(last, limit);
      const fresh = rows.filter((row) => row.id <= to && !ids.has(row.id));
      if (fresh.length > 0) await onRows(fresh);
      for (const row of fresh) ids.add(row.id);
      if (rows.length < limit) return;
      last = rows.at(-1)?.id ?? to;
    }
  }

  return {
    start: (mark) => ids.start(mark),
    known: (id) => ids.add(id),
    look: async (onRows) => {
      ids.forget(now() - OVERLAP_MS);
      const end = ids.highest;
      const { gaps } = ids;
      const [first] = gaps;
      const missing = first && gaps.length > MOST_READS ? [{ from: first.from, to: end }] : [...gaps];
      for (const { from, to } of missing) await readOn(from - 1, to, onRows);
      await readOn(ids.highest, Infinity, onRows);
    },
  };
}

/** Which ids were seen: all up to the highest, but for the gaps. */
class Ids {
  readonly most = MOST_GAPS;
  readonly #now: () => number;
  #highest = 0;
  /** In order. */
  #gaps: Gap[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get highest(): number {
    return this.#highest;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get size(): number {
    return this.#gaps.length;
  }

  start(mark: number): void {
    this.#highest = mark;
    this.#gaps = [];
  }

  has(id: number): boolean {
    return id <= this.#highest && this.#gapOf(id) < 0;
  }

  add(id: number): void {
    if (id > this.#highest) {
      if (id > this.#highest + 1) this.#gaps.push({ from: this.#highest + 1, to: id - 1, at: this.#now() });
      if (this.#gaps.length > MOST_GAPS) this.#gaps.splice(0, MOST_GAPS / 10);
      this.#highest = id;
      return;
    }
    const index = this.#gapOf(id);
    const gap = this.#gaps[index];
    if (gap === undefined) return;
    const parts = [
      { ...gap, to: id - 1 },
      { ...gap, from: id + 1 },
    ].filter(({ from, to }) => from <= to);
    this.#gaps.splice(index, 1, ...parts);
  }

  /** What is missing since then or longer never comes. */
  forget(before: number): void {
    if (this.#gaps.some(({ at }) => at < before)) this.#gaps = this.#gaps.filter(({ at }) => at >= before);
  }

  /** Where the gap stands that this id is in; -1: it is in none. */
  #gapOf(id: number): number {
    let [low, high] = [0, this.#gaps.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const gap = this.#gaps[middle];
      if (gap === undefined) return -1;
      if (id < gap.from) high = middle - 1;
      else if (id > gap.to) low = middle + 1;
      else return middle;
    }
    return -1;
  }
}
