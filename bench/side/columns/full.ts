/**
 * Stores in which much waits already (`--waiting`): filled once in a run, and again as they were for each step. Filling a database with a million
 * rows takes minutes, a step some seconds.
 */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { launchApp } from '../../../test/support/app.ts';
import { freePort } from '../../../test/support/free-port.ts';
import { fillMariaDb } from '../../../test/support/full-mariadb.ts';
import { fillSqlite, type Filling } from '../../../test/support/full-sqlite.ts';
import type { TestMariaDb } from '../../../test/support/mariadb.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../test/support/temporary-folder.ts';

/** Messages of each box. */
const EACH = 5;
const FAR = 4_000_000_000;
/** So long the application may take to count all boxes, ms. */
const COUNTING_LIMIT = 900_000;
const COUNTED = `select counted from silo_box_total where domain = ''`;

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
    const connection = await createConnection(url);
    try {
      await counted(url, async () => {
        const [rows] = await connection.query<RowDataPacket[]>(COUNTED);
        return Number(rows[0]?.['counted'] ?? 0) > 0;
      });
    } finally {
      await connection.end();
    }
    return url;
  }

  async #fillFile(): Promise<string> {
    this.#folder ??= temporaryFolder('silo-bench-full');
    const path = join(this.#folder.path, `full-${performance.now()}.db`);
    await fillSqlite(path, this.#fillings());
    await counted(`sqlite:${path}`, () => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return Promise.resolve(
          Number((database.prepare(COUNTED).get() as Row | undefined)?.['counted'] ?? 0) > 0,
        );
      } finally {
        database.close();
      }
    });
    return path;
  }
}

type Row = Readonly<Record<string, unknown>>;

/** Runs the application until it has counted all boxes, as one that has run for a while has. */
async function counted(url: string, isCounted: () => Promise<boolean>): Promise<void> {
  const app = await launchApp({ SILO_STORE: url, SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}` });
  try {
    const limit = performance.now() + COUNTING_LIMIT;
    while (!(await isCounted())) {
      if (performance.now() > limit)
        throw new Error(`the boxes of ${url} were not counted in time: ${app.stderr}`);
      await pause(200);
    }
  } finally {
    await app.stop(20_000);
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
