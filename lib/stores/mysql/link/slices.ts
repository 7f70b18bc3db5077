/**
 * What takes away what is over, in MySQL: a slice in each transaction, and never a row that somebody else has locked. So
 * it holds its locks for some milliseconds only, whoever waits for one gets it then, and two nodes that sweep at once share the work.
 */
import { keyColumns, keyOf, lock, remove, type Key, type LockedTable } from './locks.ts';
import type { Parameter } from './connection.ts';
import type { Queries } from './transaction.ts';
import type { Mysql } from './transactions.ts';
import { whole, type Row } from '../../shared/values.ts';

/** Rows of a slice: of messages, which have bodies and rows in other tables, and of what is only deleted. */
const SLICE = 100;
const DELETED_SLICE = 500;

/** Which rows are over. */
export interface Over {
  readonly table: LockedTable;
  /** The key, and what else `end` needs. */
  readonly columns: string;
  readonly where: string;
  readonly values: readonly Parameter[];
  /** By what they are looked for; without, in any order. */
  readonly order?: string;
  readonly slice?: number;
}

/**
 * Does away with at most `limit` rows that are over; returns them. Fewer: there are no more, or others have them.
 * @param end what is to be done with them inside their transaction
 */
export async function endInSlices(
  db: Mysql,
  over: Over,
  limit: number,
  end: (tx: Queries, rows: readonly Row[]) => Promise<void>,
): Promise<Row[]> {
  const { slice: size = SLICE } = over;
  const ended: Row[] = [];
  /** Rows that others have: they would be found again and again. */
  const held = new Set<string>();
  try {
    while (ended.length < limit) {
      const wanted = limit - ended.length;
      const found = (await look(db, over, wanted + held.size)).filter(
        (key) => !held.has(JSON.stringify(key)),
      );
      const before = ended.length;
      for (let first = 0; first < found.length; first += size) {
        const slice = found.slice(first, first + size);
        const rows = await endSlice(db, over, slice, end);
        ended.push(...rows);
        const free = new Set(rows.map((row) => JSON.stringify(keyOf(over.table, row))));
        for (const key of slice) if (!free.has(JSON.stringify(key))) held.add(JSON.stringify(key));
      }
      if (found.length < wanted || ended.length === before) break;
    }
  } catch (error) {
    // What was done is told; whatever is wrong now will be so at the next call, too.
    if (ended.length === 0) throw error;
  }
  return ended;
}

/** Without locks, and nothing else is done when nothing is over, which is nearly always. */
async function look(db: Mysql, { table, where, values, order }: Over, most: number): Promise<Key[]> {
  const rows = await db.all(
    `select ${keyColumns(table)} from ${table}
       where ${where}${order === undefined ? '' : ` order by ${order}`} limit ${whole(most)}`,
    values,
  );
  return rows.map((row) => keyOf(table, row));
}

function endSlice(
  db: Mysql,
  { table, columns, where, values }: Over,
  keys: readonly Key[],
  end: (tx: Queries, rows: readonly Row[]) => Promise<void>,
): Promise<Row[]> {
  return db.transaction(async (tx) => {
    const rows = await lock(tx, [table, columns], keys, { where, values, free: true });
    if (rows.length > 0) await end(tx, rows);
    return rows;
  });
}

/** Deletes at most `limit` rows that are over; returns how many. */
export async function deleteInSlices(db: Mysql, over: Omit<Over, 'columns'>, limit: number): Promise<number> {
  const { table } = over;
  const rows = await endInSlices(
    db,
    { slice: DELETED_SLICE, ...over, columns: keyColumns(table) },
    limit,
    async (tx, found) => {
      await remove(
        tx,
        table,
        found.map((row) => keyOf(table, row)),
      );
    },
  );
  return rows.length;
}
