/** An open SQLite file: its statements, its transactions, and what its errors mean. */
import { DatabaseSync } from '@photostructure/sqlite';
import { SiloError, textOf } from '../../base/errors.ts';
import { refusedValue, unavailable, type Row, type Value } from '../shared/rows.ts';

interface Statement {
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

type Database = InstanceType<typeof DatabaseSync>;

export interface OpenFile {
  readonly sqlite: Sqlite;
  readonly database: Database;
  readonly close: () => void;
}

export function openFile(path: string, name: string, synchronous: 'full' | 'normal'): OpenFile {
  let database: Database;
  try {
    database = new DatabaseSync(path);
    database.exec('pragma busy_timeout = 5000');
    database.exec('pragma journal_mode = wal');
    database.exec(`pragma synchronous = ${synchronous}`);
  } catch (cause) {
    throw new SiloError(
      'SILO_STORE_UNAVAILABLE',
      `The SQLite file ${path} can't be opened (${textOf(cause)}): wanted is a path in a folder that exists and may be written; set SILO_STORE=sqlite:<path>.`,
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
