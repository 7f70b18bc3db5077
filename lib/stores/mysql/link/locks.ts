/**
 * The one order in which transactions lock rows, so that no two ever wait for each other in a ring.
 *
 *   table by table:  silo_turn ─► silo_lease ─► silo ─► silo_dead ─► silo_ledger
 *                    mwi_mailbox ─► mwi_publication, mwi_subscription
 *                    binding
 *                    silo_box_total ─► silo_box
 *                    silo_turn ─► silo_usage; silo_usage_change ─► silo_usage
 *   within a table:  by its primary key, rising, and found by nothing but that
 *
 * Rows are looked for without locks, and locked by their key. A locking read by another index locks the entries of that index
 * first, which whoever deletes the row, by its key, needs last: a ring. And where a table is small the optimizer prefers to
 * scan it, and so to wait for rows that others hold, hence the forced index (MariaDB 10.11: 60 keys of a table of 150 rows).
 *
 * A new row needs no place in the order: nobody else knows of it.
 */
import type { Parameter } from './connection.ts';
import type { Queries } from './transaction.ts';
import type { Row } from '../../shared/values.ts';

/** The primary key of each table whose rows are locked, and what its columns hold: `ascii` is text in that character set. */
const KEYS = {
  binding: { aor: 'text', contact_key: 'ascii' },
  mwi_change: { id: 'number' },
  mwi_mailbox: { aor: 'text' },
  mwi_publication: { tag: 'ascii' },
  mwi_subscription: { id: 'ascii' },
  silo: { id: 'number' },
  silo_box: { box: 'text' },
  silo_device: { box: 'text', device_key: 'ascii' },
  silo_lease: { box: 'text' },
  silo_ledger: { dedup: 'ascii' },
  silo_submission: { name: 'ascii' },
  silo_turn: { name: 'text' },
  silo_usage: { domain: 'text' },
  silo_usage_change: { id: 'number' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, 'text' | 'ascii' | 'number'>>>>;

/** Keys of one statement that deletes. */
const MOST_DELETED = 500;

export type LockedTable = keyof typeof KEYS;
type Part = string | number;
/** The value of a primary key: of one column, or of several. */
export type Key = Part | readonly Part[];

interface Locking {
  /** Of the rows with these keys, those for which this holds. */
  readonly where?: string;
  readonly values?: readonly Parameter[];
  /** Rows that somebody else has locked are left out: nobody is waited for. */
  readonly free?: boolean;
  /** The keys are values of the first column of the primary key, and mean all rows that have them. */
  readonly byFirst?: boolean;
}

/** In UTF-16, what lies above U+FFFF comes before the last of what lies below: only then is its order not that of the bytes. */
const SURROGATE = /[\ud800-\udfff]/;

/** Each once, in the order in which the database has them: text by its bytes. */
export function inOrder<K extends Key>(keys: Iterable<K>): K[] {
  const all = [...keys];
  // Nearly all lists: 200 keys take 20 us, one compared as bytes 760.
  if (all.every((key) => typeof key === 'string' && !SURROGATE.test(key))) return [...new Set(all)].sort();
  if (all.every(isNumber)) return [...new Set(all)].sort(compare);
  const each = new Map<string, K>();
  for (const key of all) each.set(JSON.stringify(key), key);
  return [...each.values()].sort(compare);
}

function isNumber(key: Key): key is number {
  return typeof key === 'number';
}

function compare(one: Key, other: Key): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one === 'string' && typeof other === 'string')
    return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
  const [parts, others] = [[one].flat(), [other].flat()];
  for (const [index, part] of parts.entries()) {
    const order = compare(part, others[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** The columns of the primary key, as they are selected. */
export function keyColumns(table: LockedTable): string {
  return columnsOf(table).join(', ');
}

/** The key of a row that was selected with {@link keyColumns}. */
export function keyOf(table: LockedTable, row: Row): Key {
  const parts = columnsOf(table).map((column) => {
    const part = row[column];
    return typeof part === 'number' ? part : String(part);
  });
  const [first = ''] = parts;
  return parts.length === 1 ? first : parts;
}

/** Locks the rows with these keys, as far as they are still there, and reads them as they are now. */
export async function lock(
  tx: Queries,
  [table, columns]: readonly [table: LockedTable, columns: string],
  keys: Iterable<Key>,
  { where, values = [], free = false, byFirst = false }: Locking = {},
): Promise<Row[]> {
  const wanted = inOrder(keys);
  if (wanted.length === 0) return [];
  const names = byFirst ? columnsOf(table).slice(0, 1) : columnsOf(table);
  return tx.all(
    `select ${columns} from ${table} force index (primary)
       where ${tuple(names)} in (?)${where === undefined ? '' : ` and ${where}`}
       order by ${keyColumns(table)} for update${free ? ' skip locked' : ''}`,
    [wanted, ...values],
  );
}

/** Changes the rows with these keys; returns how many are other than before. */
export async function rewrite(
  tx: Queries,
  table: LockedTable,
  { set, values = [] }: { readonly set: string; readonly values?: readonly Parameter[] },
  keys: Iterable<Key>,
): Promise<number> {
  const wanted = inOrder(keys);
  if (wanted.length === 0) return 0;
  return tx.run(`update ${table} force index (primary) set ${set} where ${tuple(columnsOf(table))} in (?)`, [
    ...values,
    wanted,
  ]);
}

/**
 * Deletes the rows with these keys; returns how many there were. A list of keys, even with the index forced, is no reason for
 * MariaDB not to scan a small table when it deletes. So the keys are a table of their own, and each row is looked up.
 */
export async function remove(tx: Queries, table: LockedTable, keys: Iterable<Key>): Promise<number> {
  const wanted = inOrder(keys);
  const kinds = Object.entries(KEYS[table]);
  const one = `select ${kinds.map(([column, kind]) => `${kind === 'ascii' ? ASCII : '?'} as ${column}`).join(', ')}`;
  const removed: Promise<number>[] = [];
  for (let first = 0; first < wanted.length; first += MOST_DELETED) {
    const some = wanted.slice(first, first + MOST_DELETED);
    removed.push(
      tx.run(
        `delete t from (${some.map(() => one).join(' union all ')}) k
           straight_join ${table} t force index (primary) on ${kinds.map(([column]) => `t.${column} = k.${column}`).join(' and ')}`,
        some.flat(),
      ),
    );
  }
  return (await Promise.all(removed)).reduce((sum, count) => sum + count, 0);
}

/** In the collation of the column: in any other one its index would not be used. */
const ASCII = 'convert(? using ascii) collate ascii_bin';

function columnsOf(table: LockedTable): readonly string[] {
  return Object.keys(KEYS[table]);
}

function tuple(names: readonly string[]): string {
  return names.length === 1 ? names.join('') : `(${names.join(', ')})`;
}
