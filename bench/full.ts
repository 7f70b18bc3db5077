/** Measurements on stores that are full already: on a new SQLite file, on a MariaDB of our own, or on both. */
import { join } from 'node:path';
import { fillMariaDb } from '../test/support/full-mariadb.ts';
import { fillSqlite, type Filling } from '../test/support/full-sqlite.ts';
import { mariadbMissing, startMariaDb } from '../test/support/mariadb.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';

export interface Full {
  /** Of the temporary folder. */
  readonly name: string;
  /** `sqlite`, `mariadb`, or both. */
  readonly on: string;
  /** What is made, in words. */
  readonly what: string;
  /** Asked for each store: times are counted from now. */
  readonly fillings: () => readonly Filling[];
  /** Measures the store at this URL; the result is printed. */
  readonly measure: (url: string) => Promise<string>;
}

export async function onFullStores(full: Full): Promise<void> {
  if (full.on !== 'mariadb') await onSqlite(full);
  if (full.on !== 'sqlite') await onMariaDb(full);
}

async function onSqlite({ name, what, fillings, measure }: Full): Promise<void> {
  const folder = temporaryFolder(name);
  try {
    const path = join(folder.path, 'silo.db');
    console.log(`\nSQLite: making ${what} …`);
    await fillSqlite(path, fillings());
    console.log(await measure(`sqlite:${path}`));
  } finally {
    folder.remove();
  }
}

async function onMariaDb({ what, fillings, measure }: Full): Promise<void> {
  const missing = mariadbMissing();
  if (missing !== undefined) {
    console.log(`MariaDB is left out. ${missing}`);
    return;
  }
  // As much memory as a table of this size is given in life.
  const mariadb = await startMariaDb({
    args: ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'],
  });
  try {
    const { url } = await mariadb.createDatabase();
    console.log(`\nMariaDB: making ${what} …`);
    await fillMariaDb(url, fillings());
    console.log(await measure(url));
  } finally {
    await mariadb.stop();
  }
}
