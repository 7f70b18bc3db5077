/**
 * What takes away what is over, in MySQL: a slice in each transaction, and never a row that somebody else has locked. So
 * it holds its locks for some milliseconds only, whoever waits for one gets it then, and two nodes that sweep at once share the work.
 */
import { keyColumns, keyOf, lock, remove, type LockedTable } from './locks.ts';
import type { Parameter } from './link/connection.ts';
import type { Mysql, Queries } from './link/transactions.ts';
import type { Row } from '../shared/values.ts';

/** Rows of a slice. */
const SLICE = 100;

/** Which rows are over. */
export interface Over {
  readonly table: LockedTable;
  /** What `end` needs. */
  readonly columns: string;
  readonly where: string;
  readonly values: readonly Parameter[];
  /** By what they are looked for; without, in any order. */
  readonly order?: string;
}

/**
 * Does away with at most `limit` rows that are over; returns them. Fewer: there are no more, or others have them.
 * @param end what is to be done with them inside their transaction
 */
export async function endInSlices(
  db: Mysql,
  { table, columns, where, values, order }: Over,
  limit: number,
  end: (tx: Queries, rows: readonly Row[]) => Promise<void>,
): Promise<Row[]> {
  const ended: Row[] = [];
  while (ended.length < limit) {
    const most = Math.min(SLICE, limit - ended.length);
    try {
      const found = await db.all(
        `select ${keyColumns(table)} from ${table} where ${where}${order === undefined ? '' : ` order by ${order}`} limit ${most}`,
        values,
      );
      // Without a transaction when nothing is over, which is nearly always.
      if (found.length === 0) return ended;
      const rows = await db.transaction(async (tx) => {
        const free = await lock(
          tx,
          [table, columns],
          found.map((row) => keyOf(table, row)),
          { where, values, free: true },
        );
        if (free.length > 0) await end(tx, free);
        return free;
      });
      ended.push(...rows);
      if (found.length < most || rows.length === 0) return ended;
    } catch (error) {
      // What was done is told; whatever is wrong now will be so at the next call, too.
      if (ended.length > 0) return ended;
      throw error;
    }
  }
  return ended;
}

/** Deletes at most `limit` rows that are over; returns how many. */
export async function deleteInSlices(db: Mysql, over: Omit<Over, 'columns'>, limit: number): Promise<number> {
  const { table } = over;
  const rows = await endInSlices(db, { ...over, columns: keyColumns(table) }, limit, async (tx, found) => {
    await remove(
      tx,
      table,
      found.map((row) => keyOf(table, row)),
    );
  });
  return rows.length;
}
