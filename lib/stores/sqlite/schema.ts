/** Brings the schema of an SQLite file up to date. */
import type { SchemaTarget } from '../shared/migrate.ts';
import { byTable, missingColumns, type Columns } from '../shared/needed-columns.ts';
import { text } from '../shared/values.ts';
import type { OpenFile, Sqlite } from './inside/database.ts';

/** Where steps are remembered. */
const CREATE_SCHEMA =
  'create table if not exists silo_schema (version integer primary key, name text not null, applied text not null default current_timestamp)';

/** What of a file can be asked without changing it. */
export function schemaRead(file: Sqlite): Pick<SchemaTarget, 'applied' | 'missing'> {
  const { sql } = file;
  return {
    applied: () => {
      const isThere = sql("select 1 from sqlite_master where name = 'silo_schema'").all().length > 0;
      const rows = isThere ? sql('select version from silo_schema').all() : [];
      return Promise.resolve(rows.map((row) => Number(row['version'])));
    },
    missing: () => Promise.resolve(missingColumns(columnsOf(file), 'sqlite')),
  };
}

export function schemaOf(file: OpenFile): SchemaTarget {
  const { exec, sql, transaction } = file;
  return {
    dialect: 'sqlite',
    ...schemaRead(file),
    begin: () => {
      exec(CREATE_SCHEMA);
      return Promise.resolve();
    },
    apply: (step) => {
      transaction(() => {
        // Another starter at the same moment waits for `begin immediate` and then finds it done.
        if (sql('select 1 from silo_schema where version = ?').all(step.version).length > 0) return;
        for (const statement of step.statements) if (!columnExists({ sql }, statement)) exec(statement);
        sql('insert into silo_schema (version, name) values (?, ?)').run(step.version, step.name);
      });
      return Promise.resolve();
    },
  };
}

function columnsOf({ sql }: Sqlite): Columns {
  const rows = sql(
    `select t.name as name, c.name as col from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table'`,
  ).all();
  return byTable(rows.map((row) => [text(row, 'name'), text(row, 'col')]));
}

/** Is this an `add column` that was done before? SQLite has no "if not exists" for it, and a step may be run again. */
function columnExists({ sql }: Sqlite, statement: string): boolean {
  const [, table, column] = /^alter table (\w+) add column (\w+)/.exec(statement) ?? [];
  if (table === undefined || column === undefined) return false;
  return sql('select 1 from pragma_table_info(?) where name = ?').all(table, column).length > 0;
}
