/** Opens a store by its URL (`SILO_STORE`). */
import { SiloError } from '../base/errors.ts';
import { openMysql } from './mysql/open.ts';
import { parseMysqlUrl } from './mysql/link/url.ts';
import { openSqlite } from './sqlite/open.ts';
import type { Store } from './contract/store.ts';

export interface StoreOptions {
  /** Clock in epoch seconds. */
  readonly now?: () => number;
  /** MySQL: connections in the pool. */
  readonly connections?: number;
  /** MySQL: milliseconds after which a query counts as failed. */
  readonly queryTimeout?: number;
}

/**
 * Opens a store and brings its schema up to date.
 *
 * @param url `sqlite:<path>`, `sqlite::memory:` or `mysql://user:password@host:port,host:port/database`
 * @throws SiloError `SILO_STORE_URL` for a URL it can't read, `SILO_STORE_UNAVAILABLE`, `SILO_SCHEMA`, `SILO_SCHEMA_NEWER`
 * @example const store = await openStore('sqlite:./silo.db');
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const now = options.now ?? (() => Math.floor(Date.now() / 1000));
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length)
    return openSqlite(url.slice('sqlite:'.length), now);
  const mysql = parseMysqlUrl(url);
  if (mysql)
    return openMysql(mysql, now, {
      connections: options.connections ?? 10,
      queryTimeout: options.queryTimeout ?? 5000,
    });
  throw unreadableStore(url);
}

export function unreadableStore(url: string): SiloError {
  return new SiloError(
    'SILO_STORE_URL',
    `The store "${url.replace(/\/\/[^/]*@/, '//***@')}" can't be read: wanted is sqlite:<path>, sqlite::memory: or mysql://user:password@host:port,host:port/database.`,
  );
}
