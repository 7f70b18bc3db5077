/**
 * SQLite: the embedded default. One process per file; WAL, and a full sync at every commit that answers
 * for a message (a 2xx means durable storage), shared by group commit. Leases and heartbeats need no sync:
 * nobody whom they are about survives a power failure, so they have a connection of their own without it.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { SiloError, messageOf } from '../errors.ts';
import { migrate, schemaSteps, type SchemaTarget } from './migrate.ts';
import { refusedValue, unavailable, type Row, type Value } from './rows.ts';
import { sqliteBindings } from './sqlite-bindings.ts';
import { sqliteDead } from './sqlite-dead.ts';
import { sqliteDevices, sqliteReminders } from './sqlite-devices.ts';
import { sqliteLeases } from './sqlite-leases.ts';
import { sqliteMwi } from './sqlite-mwi.ts';
import { sqliteNodes } from './sqlite-nodes.ts';
import { sqliteSilo } from './sqlite-silo.ts';
import type { Store } from './store.ts';

export interface Statement {
  run(...values: readonly Value[]): { readonly changes: number; readonly lastInsertRowid: number };
  all(...values: readonly Value[]): Row[];
}

/** An open SQLite file, as the rooms of this store use it. */
export interface Sqlite {
  readonly name: string;
  /** A statement, prepared once and kept. */
  readonly sql: (text: string) => Statement;
  /** Runs `work` in one immediate transaction. */
  readonly transaction: <T>(work: () => T) => T;
  /** Turns whatever SQLite throws into our error. */
  readonly guard: <T>(work: () => T) => Promise<T>;
}

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
    ...sqliteSilo(file.sqlite, now),
    ...sqliteReminders(file.sqlite),
    ...sqliteDevices(file.sqlite, now),
    ...sqliteDead(file.sqlite, now),
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

type Database = InstanceType<typeof DatabaseSync>;

interface OpenFile {
  readonly sqlite: Sqlite;
  readonly database: Database;
  readonly close: () => void;
}

function openFile(path: string, name: string, synchronous: 'full' | 'normal'): OpenFile {
  let database: Database;
  try {
    database = new DatabaseSync(path);
    database.exec('pragma busy_timeout = 5000');
    database.exec('pragma journal_mode = wal');
    database.exec(`pragma synchronous = ${synchronous}`);
  } catch (cause) {
    throw new SiloError(
      'SILO_STORE_UNAVAILABLE',
      `The SQLite file ${path} can't be opened (${messageOf(cause)}): wanted is a path in a folder that exists and may be written; set SILO_STORE=sqlite:<path>.`,
      { status: 503, retryAfter: 10, cause },
    );
  }
  // The statements do not keep their database alive, this closure does.
  const kept = new Map<string, Statement>();
  const sqlite: Sqlite = {
    name,
    sql: (text) => {
      let statement = kept.get(text);
      if (!statement) kept.set(text, (statement = database.prepare(text) as unknown as Statement));
      return statement;
    },
    transaction: (work) => {
      database.exec('begin immediate');
      try {
        const result = work();
        database.exec('commit');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('rollback');
        throw error;
      }
    },
    guard: (work) => {
      try {
        return Promise.resolve(work());
      } catch (error) {
        return Promise.reject(asOurs(name, error));
      }
    },
  };
  return {
    sqlite,
    database,
    close: () => {
      kept.clear();
      if (!database.isOpen) return;
      // Statements that were not collected yet keep SQLite from doing this itself: the one file must be whole.
      try {
        database.exec('pragma wal_checkpoint(truncate)');
      } finally {
        database.close();
      }
    },
  };
}

const CONSTRAINT = 19;

function asOurs(name: string, error: unknown): Error {
  if (error instanceof SiloError) return error;
  const code = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) : 0;
  return (code & 0xff) === CONSTRAINT ? refusedValue(error) : unavailable(name, error);
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
