/** The reads that both engines share, in SQLite. */
import { readsBy, type Read, type ReadStore } from '../shared/reads.ts';
import type { Sqlite } from './inside/database.ts';
import type { Synchronous } from './thread/synchronous.ts';

function ask<T>(db: Sqlite, { sql, values, of }: Read<T>): T {
  return of(db.sql(sql).all(...values));
}

export function sqliteReads(db: Sqlite): Synchronous<ReadStore> {
  return readsBy((read) => ask(db, read)) as unknown as Synchronous<ReadStore>;
}
