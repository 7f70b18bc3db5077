/** An open SQLite file: its statements, its transactions, and what its errors mean. */
import { closeSync, existsSync, fchmodSync, openSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { SiloError, textOf } from '../../../base/errors.ts';
import { refusedValue, unavailable } from '../../shared/errors.ts';
import type { Row, Value } from '../../shared/values.ts';

interface Statement {
  run(...values: readonly Value[]): { readonly changes: number; readonly lastInsertRowid: number };
  all(...values: readonly Value[]): Row[];
}

/** An open SQLite file, as the rooms of this store use it. */
export interface Sqlite {
  /** A statement, prepared once and kept. */
  readonly sql: (text: string) => Statement;
}

/** What a power failure may take: with `full` nothing that was committed, with `normal` the last commits. */
type Sync = 'full' | 'normal';

type Database = InstanceType<typeof DatabaseSync>;

export interface OpenFile extends Sqlite {
  /** Runs statements that are needed once. */
  readonly exec: (statements: string) => void;
  /** Runs `work` in one immediate transaction. */
  readonly transaction: <T>(work: () => T, sync?: Sync) => T;
  readonly close: () => void;
}

/** Of pages: what a batch of messages writes has room, also where a million wait. SQLite's own 2 MB has not, and writes some pages twice. */
const CACHE_KIB = 65_536;

/** @throws SiloError `SILO_STORE_UNAVAILABLE` */
export function openFile(path: string): OpenFile {
  let database: Database;
  try {
    makePrivate(path);
    database = new DatabaseSync(path);
    database.exec('pragma busy_timeout = 5000');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec(`pragma cache_size = -${CACHE_KIB}`);
  } catch (cause) {
    throw new SiloError(
      'SILO_STORE_UNAVAILABLE',
      `The SQLite file ${path} can't be opened (${textOf(cause)}): wanted is a path in a folder that exists and may be written; set SILO_STORE=sqlite:<path>.`,
      { status: 503, retryAfter: 10, cause },
    );
  }
  // The statements do not keep their database alive, this closure does.
  const kept = new Map<string, Statement>();
  let synchronous: Sync = 'full';
  return {
    exec: (statements) => database.exec(statements),
    sql: (text) => {
      let statement = kept.get(text);
      if (!statement) kept.set(text, (statement = database.prepare(text) as unknown as Statement));
      return statement;
    },
    transaction: (work, sync = 'full') => {
      if (sync !== synchronous) database.exec(`pragma synchronous = ${(synchronous = sync)}`);
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

/** A new file is its owner's alone, whatever the umask; SQLite gives `-wal` and `-shm` the rights of the file. */
function makePrivate(path: string): void {
  if (path === ':memory:' || path.startsWith('file:') || existsSync(path)) return;
  const file = openSync(path, 'a', 0o600);
  try {
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

const CONSTRAINT = 19;
/** What may be wrong with one statement or value alone: (unknown,) error, too big, constraint, mismatch, range. */
const OF_ONE = new Set([0, 1, 18, CONSTRAINT, 20, 25]);

/** SQLite's number for what went wrong, 0 where it does not say; undefined for what it did not throw. */
function errcodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}

/** Did the database not do its work, whatever it was asked? */
export function isOutage(error: unknown): boolean {
  const code = errcodeOf(error);
  return code !== undefined && !OF_ONE.has(code);
}

/** What SQLite has thrown, as our error. Anything else passes as it is: a bug of ours is no outage. */
export function asOurs(name: string, error: unknown): unknown {
  const code = errcodeOf(error);
  if (code === undefined) return error;
  return code === CONSTRAINT ? refusedValue(error) : unavailable(name, error);
}
