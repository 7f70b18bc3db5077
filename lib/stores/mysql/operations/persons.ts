/** Everything of a person, in MySQL. */
import { ERASED, OWN, PASSED, ownValues, toNamingRow, toPlainRow } from '../../shared/person-rows.ts';
import { toEnded } from '../../shared/rows.ts';
import { text, whole } from '../../shared/values.ts';
import { noteChanges } from '../inside/changes.ts';
import { endRows } from '../inside/end.ts';
import { inOrder, lock, remove } from '../link/locks.ts';
import type { Queries } from '../link/transaction.ts';
import type { Mysql } from '../link/transactions.ts';
import type { PassedTable, PersonStore, RowKey } from '../../contract/persons.ts';

export function mysqlPersons(db: Mysql, clock: () => number): PersonStore {
  return {
    namingRows: async (table, after, limit) => {
      const { key, first, names } = PASSED[table];
      const rows = await db.all(
        `select ${[key, ...names].join(', ')} from ${table} force index (primary)
           where ${key} > ? order by ${key} limit ${whole(limit)}`,
        [after ?? first],
      );
      return rows.map(toNamingRow(table));
    },

    plainRows: async (table, keys) =>
      keys.length === 0
        ? []
        : (await db.all(`select * from ${table} where ${PASSED[table].key} in (?)`, [inOrder(keys)])).map(
            toPlainRow,
          ),

    ownRows: async (table, aor) =>
      (await db.all(`select * from ${table} where ${OWN[table]}`, ownValues(table, aor))).map(toPlainRow),

    eraseRows: (table, keys) =>
      keys.length === 0
        ? Promise.resolve(0)
        : db.transaction((tx) => ERASERS[table](tx, keys, clock()), 'repeatable'),

    eraseOwn: (table, aor) =>
      db.run(`delete from ${table} where ${OWN[table]}`, ownValues(table, aor), 'repeatable'),

    // Other tables and servers have a say in that: the operator does it (docs/erasing-a-person.md).
    compact: () => Promise.resolve(false),
  };
}

type Eraser = (tx: Queries, keys: readonly RowKey[], now: number) => Promise<number>;

const ERASERS: Readonly<Record<PassedTable, Eraser>> = {
  silo: async (tx, keys, now) => {
    const rows = await lock(tx, ['silo', 'id, dedup, box'], keys);
    await endRows(tx, rows.map(toEnded), { ...ERASED, now });
    await forget(tx, rows);
    return rows.length;
  },
  silo_dead: async (tx, keys) => {
    const rows = await tx.all('select id, dedup, box from silo_dead where id in (?) for update', [
      inOrder(keys),
    ]);
    await tx.run('delete from silo_dead where id in (?)', [inOrder(keys)]);
    await forget(tx, rows);
    return rows.length;
  },
  silo_ledger: (tx, keys) => remove(tx, 'silo_ledger', keys),
  mwi_change: (tx, keys) => remove(tx, 'mwi_change', keys),
  mwi_publication: (tx, keys, now) => eraseOfMailboxes(tx, ['mwi_publication', 'tag'], keys, [now, false]),
  mwi_subscription: (tx, keys, now) => eraseOfMailboxes(tx, ['mwi_subscription', 'id'], keys, [now, true]),
};

/** The ledger has these messages no more. */
async function forget(tx: Queries, rows: Awaited<ReturnType<typeof lock>>): Promise<void> {
  await remove(
    tx,
    'silo_ledger',
    rows.map((row) => text(row, 'dedup')).filter((key) => key !== ''),
  );
}

async function eraseOfMailboxes(
  tx: Queries,
  [table, key]: readonly ['mwi_publication', 'tag'] | readonly ['mwi_subscription', 'id'],
  keys: readonly RowKey[],
  [now, watchers]: readonly [now: number, watchers: boolean],
): Promise<number> {
  const rows = await lock(tx, [table, `${key}, mailbox`], keys);
  const removed = await remove(
    tx,
    table,
    rows.map((row) => text(row, key)),
  );
  await noteChanges(tx, inOrder(rows.map((row) => text(row, 'mailbox'))), now, watchers);
  return removed;
}
