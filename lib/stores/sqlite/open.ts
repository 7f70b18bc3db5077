/**
 * SQLite: the embedded default. One process per file; WAL, and a full sync at every commit that answers
 * for a message (a 2xx means durable storage), shared by group commit. Leases and heartbeats need no sync:
 * nobody whom they are about survives a power failure, so they have a connection of their own without it.
 */
import { migrate, schemaSteps, type SchemaTarget } from '../shared/migrate.ts';
import { openFile, type OpenFile, type Sqlite } from './database.ts';
import { sqliteBindings } from './bindings.ts';
import { sqliteDeadLetters } from './dead-letters.ts';
import { sqliteDevices, sqliteReminders } from './devices.ts';
import { sqliteLeases } from './leases.ts';
import { sqliteMwi } from './mwi.ts';
import { sqliteNodes } from './nodes.ts';
import { sqliteMessages } from './messages.ts';
import type { Store } from '../contract/store.ts';

/**
 * @param path a file, or `:memory:`
 * @param now clock in epoch seconds, for leases and ends
 */
export async function openSqlite(path: string, now: () => number): Promise<Store> {
  const name = `sqlite:${path}`;
  const file = openFile(path, name, 'full');
  const memory = path === ':memory:';
  const leases = memory ? file : openFile(path, name, 'normal');
  const close = () => {
    file.close();
    if (!memory) leases.close();
  };
  try {
    await migrate(target(file), schemaSteps('sqlite'));
  } catch (error) {
    close();
    throw error;
  }
  return {
    name,
    ...sqliteMessages(file.sqlite, now),
    ...sqliteReminders(file.sqlite),
    ...sqliteDevices(file.sqlite, now),
    ...sqliteDeadLetters(file.sqlite, now),
    ...sqliteLeases(leases.sqlite, now),
    ...sqliteBindings(file.sqlite),
    ...sqliteMwi(file.sqlite, now),
    ...sqliteNodes(leases.sqlite, now),
    // Nothing to set: a file is always opened with synchronous = full.
    warnings: () => Promise.resolve([]),
    ping: () => file.sqlite.guard(() => void file.sqlite.sql('select 1').all()),
    close: () => {
      close();
      return Promise.resolve();
    },
  };
}

function target({ database, sqlite }: OpenFile): SchemaTarget {
  return {
    applied: () => {
      database.exec(
        'create table if not exists silo_schema (version integer primary key, name text not null, applied text not null default current_timestamp)',
      );
      return Promise.resolve(
        sqlite
          .sql('select version from silo_schema')
          .all()
          .map((row) => Number(row['version'])),
      );
    },
    apply: (step) => {
      sqlite.transaction(() => {
        // Whoever started at the same moment waits for `begin immediate` and then finds it done.
        if (sqlite.sql('select 1 from silo_schema where version = ?').all(step.version).length > 0) return;
        for (const statement of step.statements)
          if (!columnExists(sqlite, statement)) database.exec(statement);
        sqlite.sql('insert into silo_schema (version, name) values (?, ?)').run(step.version, step.name);
      });
      return Promise.resolve();
    },
  };
}

/** Is this an `add column` that was done before? SQLite has no "if not exists" for it, and a step may be run again. */
function columnExists({ sql }: Sqlite, statement: string): boolean {
  const [, table, column] = /^alter table (\w+) add column (\w+)/.exec(statement) ?? [];
  if (table === undefined || column === undefined) return false;
  return sql('select 1 from pragma_table_info(?) where name = ?').all(table, column).length > 0;
}
