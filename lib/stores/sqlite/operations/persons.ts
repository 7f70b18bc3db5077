/** Everything of a person, in SQLite. */
import { ERASED, OWN, PASSED, ownValues, toNamingRow, toPlainRow } from '../../shared/person-rows.ts';
import { toEnded } from '../../shared/rows.ts';
import { text } from '../../shared/values.ts';
import { noteChange } from '../inside/changes.ts';
import type { Sqlite } from '../inside/database.ts';
import { endRow } from '../inside/end.ts';
import type { Part } from '../inside/sweeps.ts';
import type { PersonStore, RowKey } from '../../contract/persons.ts';

export function sqlitePersons(db: Sqlite, clock: () => number): Part<PersonStore> {
  /** Deletes the row, and the ledger's of its message. */
  function removeWithLedger(table: 'silo' | 'silo_dead', id: RowKey): boolean {
    const [row] = db.sql(`select id, dedup, box from ${table} where id = ?`).all(id);
    if (!row) return false;
    if (table === 'silo') endRow(db, toEnded(row), ERASED, clock());
    else db.sql('delete from silo_dead where id = ?').run(id);
    db.sql('delete from silo_ledger where dedup = ?').run(text(row, 'dedup'));
    return true;
  }

  function removeOfMailbox(table: 'mwi_publication' | 'mwi_subscription', key: RowKey): boolean {
    const column = PASSED[table].key;
    const [row] = db.sql(`select mailbox from ${table} where ${column} = ?`).all(key);
    if (!row) return false;
    db.sql(`delete from ${table} where ${column} = ?`).run(key);
    noteChange(db, text(row, 'mailbox'), clock(), table === 'mwi_subscription');
    return true;
  }

  return {
    namingRows: (table, after, limit) => {
      const { key, first, names } = PASSED[table];
      return db
        .sql(`select ${[key, ...names].join(', ')} from ${table} where ${key} > ? order by ${key} limit ?`)
        .all(after ?? first, limit)
        .map(toNamingRow(table));
    },

    plainRows: (table, keys) =>
      keys.flatMap((key) =>
        db.sql(`select * from ${table} where ${PASSED[table].key} = ?`).all(key).map(toPlainRow),
      ),

    // Nobody takes turns here.
    ownRows: (table, aor) =>
      table === 'silo_turn'
        ? []
        : db
            .sql(`select * from ${table} where ${OWN[table]}`)
            .all(...ownValues(table, aor))
            .map(toPlainRow),

    eraseRows: (table, keys) =>
      keys.filter((key) => {
        switch (table) {
          case 'silo':
          case 'silo_dead':
            return removeWithLedger(table, key);
          case 'mwi_publication':
          case 'mwi_subscription':
            return removeOfMailbox(table, key);
          case 'silo_ledger':
          case 'mwi_change':
            return db.sql(`delete from ${table} where ${PASSED[table].key} = ?`).run(key).changes > 0;
        }
      }).length,

    eraseOwn: (table, aor) =>
      table === 'silo_turn'
        ? 0
        : db.sql(`delete from ${table} where ${OWN[table]}`).run(...ownValues(table, aor)).changes,

    compact: () => {
      db.sql('vacuum').run();
      // What was written anew is in the log, and so is what it was before.
      const [row = {}] = db.sql('pragma wal_checkpoint(truncate)').all();
      return Number(row['busy'] ?? 0) === 0;
    },
  };
}
