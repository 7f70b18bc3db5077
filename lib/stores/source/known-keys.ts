/** Which keys a store knows already, without touching it: for a dry run. */
import { existsSync } from 'node:fs';
import { openMysqlReader } from './mysql-reader.ts';
import { unreadableStore } from '../open.ts';
import { accessOf } from '../access.ts';
import type { TlsOptions } from '../options.ts';
import type { Reader } from './reader.ts';
import { text } from '../shared/values.ts';
import { openSqliteReader } from './sqlite-reader.ts';

/** SQLite takes 32,766 values in a statement. */
const MOST = 10_000;

export interface KnownKeys {
  readonly name: string;
  /** Those of the keys that the store has in its ledger. */
  among(keys: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/** A store that is not there yet knows nothing. @throws SiloError `SILO_SOURCE`, `SILO_STORE_URL` */
export async function openKnownKeys(url: string, options: TlsOptions = {}): Promise<KnownKeys> {
  const mysql = accessOf(url, options);
  const path = /^sqlite:(.+)$/.exec(url)?.[1] ?? '';
  if (!mysql && path === '') throw unreadableStore(url);
  const reader = mysql
    ? await openMysqlReader(mysql)
    : path !== ':memory:' && existsSync(path)
      ? await openSqliteReader(path)
      : undefined;
  const ledger = reader && (await reader.columns('silo_ledger')).size > 0 ? reader : undefined;
  return {
    name: mysql?.name ?? url,
    among: (keys) => (ledger ? known(ledger, keys) : Promise.resolve(new Set())),
    close: () => reader?.close() ?? Promise.resolve(),
  };
}

async function known(reader: Reader, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let from = 0; from < keys.length; from += MOST) {
    const some = keys.slice(from, from + MOST);
    for (const row of await reader.all('select dedup from silo_ledger where dedup in (?)', [some]))
      found.add(text(row, 'dedup'));
  }
  return found;
}
