/**
 * Following a table that several nodes append to. A row may become visible after one with a higher id (its transaction
 * was slower), so the last seconds are read again and again, and each row is handed on once.
 */
const PAGE = 1000;
const OVERLAP_MS = 10_000;

export interface Tail<Row extends { readonly id: number }> {
  /** From here on. */
  start(mark: number): void;
  /** Hands on the rows that have become visible since the last look, in pages. */
  look(onRows: (fresh: readonly Row[]) => Promise<void> | void): Promise<void>;
}

/** @param read rows with an id above `after`, in order, at most `limit` */
export function createTail<Row extends { readonly id: number }>(
  read: (after: number, limit: number) => Promise<readonly Row[]>,
): Tail<Row> {
  /** Ids up to here need not be looked at again; `recent` says which higher id was seen when. */
  let mark = 0;
  let recent: { readonly id: number; readonly at: number }[] = [];
  const seen = new Set<number>();
  return {
    start: (from) => {
      mark = from;
    },
    look: async (onRows) => {
      let after = mark;
      for (;;) {
        const rows = await read(after, PAGE);
        const fresh = rows.filter((row) => !seen.has(row.id));
        for (const row of fresh) seen.add(row.id);
        if (fresh.length > 0) await onRows(fresh);
        after = rows.at(-1)?.id ?? after;
        if (rows.length < PAGE) break;
      }
      const at = performance.now();
      recent.push({ id: after, at });
      const old = recent.filter((entry) => entry.at < at - OVERLAP_MS);
      const last = old.at(-1);
      if (!last) return;
      mark = last.id;
      recent = recent.slice(old.length);
      for (const id of seen) if (id <= mark) seen.delete(id);
    },
  };
}
