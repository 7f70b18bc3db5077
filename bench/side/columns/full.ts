/**
 * Stores in which much waits already (`--waiting`): filled once in a run, and again as they were for each step. Filling a database with a million
 * rows takes minutes, a step some seconds.
 */
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { fillMariaDb } from '../../../test/support/full-mariadb.ts';
import { fillSqlite, type Filling } from '../../../test/support/full-sqlite.ts';
import type { TestMariaDb } from '../../../test/support/mariadb.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../test/support/temporary-folder.ts';

/** Messages of each box. */
const EACH = 5;
const FAR = 4_000_000_000;
/** As the application counts them, which takes its time with so many: each has the same domain. */
const COUNTED = [
  `insert into silo_box (box, domain, messages, first_id)
     select box, 'example.org', count(*), min(id) from silo group by box`,
  ...['', 'example.org'].map(
    (domain) => `replace into silo_box_total (domain, boxes, messages, counted)
       select '${domain}', count(*), sum(messages), ${Math.floor(Date.now() / 1000)} from silo_box`,
  ),
];

/** All but what was filled in: whose name is like this. */
const FILLED = 'user%-0';
const LEFT_BY_STEPS = [
  `delete from silo where username not like '${FILLED}'`,
  ...['silo_ledger', 'silo_dead'].map((table) => `delete from ${table} where box not like '${FILLED}@%'`),
  `delete from silo_box where box not like '${FILLED}@%'`,
  `update silo_box_total join (select count(*) as boxes, sum(messages) as messages from silo_box) s
     set silo_box_total.boxes = s.boxes, silo_box_total.messages = s.messages where domain in ('', 'example.org')`,
  ...[
    ...['binding', 'mwi_change', 'mwi_mailbox', 'mwi_publication', 'mwi_subscription', 'silo_device'],
    ...[
      'silo_forget',
      'silo_lease',
      'silo_node',
      'silo_submission',
      'silo_turn',
      'silo_usage',
      'silo_usage_change',
    ],
  ].map((table) => `truncate table ${table}`),
];

export class FullStores {
  readonly #mariadb: TestMariaDb | undefined;
  readonly #rows: number;
  #database: Promise<string> | undefined;
  #file: Promise<string> | undefined;
  #folder: TemporaryFolder | undefined;

  constructor(mariadb: TestMariaDb | undefined, rows: number) {
    this.#mariadb = mariadb;
    this.#rows = rows;
  }

  /** The URL of a database in which nothing but the filling is. One step at a time may use it. */
  async mariadb(): Promise<string> {
    const url = await (this.#database ??= this.#fillDatabase().catch((error: unknown) => {
      // The next step tries again.
      this.#database = undefined;
      throw error;
    }));
    await each(url, LEFT_BY_STEPS);
    return url;
  }

  /** Makes `path` a file in which nothing but the filling is. */
  async sqlite(path: string): Promise<void> {
    const file = await (this.#file ??= this.#fillFile().catch((error: unknown) => {
      this.#file = undefined;
      throw error;
    }));
    await copyFile(file, path);
    // Else the first commit of the application waits until all of the copy is on the disk.
    const copy = await open(path);
    await copy.sync();
    await copy.close();
  }

  close(): void {
    this.#folder?.remove();
  }

  #fillings(): readonly Filling[] {
    return [{ rows: this.#rows, boxes: Math.max(1, Math.round(this.#rows / EACH)), expTime: FAR }];
  }

  async #fillDatabase(): Promise<string> {
    if (!this.#mariadb) throw new Error('there is no MariaDB');
    const { url } = await this.#mariadb.createDatabase('benchfull');
    await fillMariaDb(url, this.#fillings());
    await each(url, COUNTED);
    return url;
  }

  async #fillFile(): Promise<string> {
    this.#folder ??= temporaryFolder('silo-bench-full');
    const path = join(this.#folder.path, `full-${performance.now()}.db`);
    await fillSqlite(path, this.#fillings());
    const database = new DatabaseSync(path);
    try {
      for (const statement of COUNTED) database.exec(statement);
      database.exec('pragma wal_checkpoint(truncate)');
    } finally {
      database.close();
    }
    return path;
  }
}

async function each(url: string, statements: readonly string[]): Promise<void> {
  const connection = await createConnection(url);
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}
