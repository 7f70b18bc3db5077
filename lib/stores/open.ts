/** Opens a store by its URL (`SILO_STORE`). */
import { SiloError } from '../base/errors.ts';
import { conceal } from '../base/secrets.ts';
import { checkOptions } from '../options/check.ts';
import type { SettingsOf } from '../options/option.ts';
import { accessOf } from './access.ts';
import { storeOptions, type StoreOptions, type TlsOptions } from './options.ts';
import { withBodyKeys } from './sealing.ts';
import { BodyKeys } from './shared/body-keys.ts';
import { masked } from './shared/masked.ts';
import type { Store } from './contract/store.ts';

/**
 * Opens a store and brings its schema up to date.
 *
 * @param url `sqlite:<path>`, `sqlite::memory:` or `mysql://user:password@host:port,host:port/database?tls=verify&ca=/path`
 * @throws SiloError `SILO_CONFIG` for an option that is none, `SILO_STORE_URL` for a URL it can't read, `SILO_STORE_UNAVAILABLE`, `SILO_SCHEMA`, `SILO_SCHEMA_NEWER`
 * @example const store = await openStore('sqlite:./silo.db');
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const { bodyKey, ...settings } = checkOptions(storeOptions, options);
  for (const entry of bodyKey.split(/[,\s]+/)) conceal(entry.slice(entry.indexOf(':') + 1));
  const store = await openEngine(url, options, settings);
  try {
    return await withBodyKeys(store, BodyKeys.of(bodyKey));
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Of the two engines only the one that is asked for is read: each takes a part of a second. */
async function openEngine(
  url: string,
  options: TlsOptions,
  { now, connections, queryTimeout }: Omit<SettingsOf<typeof storeOptions>, 'bodyKey'>,
): Promise<Store> {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  if (path !== undefined) return (await import('./sqlite/open.ts')).openSqlite(path, now);
  const mysql = accessOf(url, options);
  if (!mysql) throw unreadableStore(url);
  const { openMysql } = await import('./mysql/open.ts');
  return openMysql(mysql, now, { tls: mysql.tls, connections, queryTimeout });
}

export function unreadableStore(url: unknown): SiloError {
  return new SiloError(
    'SILO_STORE_URL',
    `The store "${masked(url)}" can't be read: wanted is sqlite:<path>, sqlite::memory: or mysql://user:password@host:port,host:port/database, with %2F for a / in user or password, and likewise for ? # : and %.`,
  );
}
