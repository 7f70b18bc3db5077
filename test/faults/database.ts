/** A MariaDB that a test may harm, and a store on it that is never opened again. */
import { createConnection, type Connection } from 'mysql2/promise';
import { expect } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import type { StoreOptions } from '../../lib/stores/options.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { startMariaDb, type MariaDbOptions, type TestMariaDb } from '../support/mariadb.ts';
import { until } from '../support/until.ts';
import { compare, startSenders, type Report, type Senders } from './senders.ts';

export interface HarmedDatabase {
  readonly mariadb: TestMariaDb;
  /** Of the database on it. */
  readonly name: string;
  /** For an account like that of a real installation: it can change its own database and nothing else. */
  readonly url: string;
  readonly store: Store;
  /** As the administrator. */
  sql(statement: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function startHarmed(
  options: MariaDbOptions = {},
  storeOptions: StoreOptions = {},
): Promise<HarmedDatabase> {
  const mariadb = await startMariaDb(options);
  const { name, url: rootUrl } = await mariadb.createDatabase();
  const sql = async (statement: string) => {
    const connection = await createConnection(rootUrl);
    try {
      const [rows] = await connection.query(statement);
      return rows as unknown as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };
  await sql(`create user silo@'127.0.0.1' identified by 'plain'`);
  await sql(`grant all privileges on \`${name}\`.* to silo@'127.0.0.1'`);
  const url = `mysql://silo:plain@127.0.0.1:${mariadb.port}/${name}`;
  const store = await openStore(url, storeOptions);
  return {
    mariadb,
    name,
    url,
    store,
    sql,
    close: async () => {
      await store.close();
      await mariadb.stop();
    },
  };
}

/** Others, who take every connection that is left. */
export class Crowd {
  readonly #mariadb: TestMariaDb;
  readonly #connections: Connection[] = [];

  constructor({ mariadb }: Pick<HarmedDatabase, 'mariadb'>) {
    this.#mariadb = mariadb;
  }

  get size(): number {
    return this.#connections.length;
  }

  async fill(): Promise<void> {
    const { port } = this.#mariadb;
    for (;;) {
      try {
        this.#connections.push(
          await createConnection({ host: '127.0.0.1', port, user: 'crowd', password: 'plain' }),
        );
      } catch {
        return;
      }
    }
  }

  /** And what is ours as well. Our account is locked until they have all: we might be quicker to come back than they are. */
  async fillAll(): Promise<void> {
    // It stays: the place that it leaves would be ours.
    const administrator = await createConnection(this.#mariadb.url(''));
    this.#connections.push(administrator);
    await administrator.query(`alter user silo@'127.0.0.1' account lock`);
    try {
      // The place of a connection that was ended is free a moment after it is gone from the list.
      await until(async () => {
        await administrator.query(`kill user silo@'127.0.0.1'`).catch(() => undefined);
        const before = this.size;
        await this.fill();
        const [rows] = await administrator.query(
          `select id from information_schema.processlist where user = 'silo'`,
        );
        return this.size === before && Array.isArray(rows) && rows.length === 0;
      }, 30_000);
    } finally {
      await administrator.query(`alter user silo@'127.0.0.1' account unlock`);
    }
  }

  async leave(): Promise<void> {
    await Promise.all(this.#connections.splice(0).map((connection) => connection.end()));
  }
}

export interface Course {
  readonly report: Report;
  /** From the return of the database to the first acknowledgement, ms. */
  readonly recovery: number;
}

let serial = 0;

/**
 * Runs senders while `fault` harms the database and brings it back, and checks what must hold with every fault:
 * all that was acknowledged is there, once; refusals are 503 and come within seconds, and so does the service.
 */
export async function through(
  name: string,
  store: Store,
  fault: (senders: Senders) => Promise<void>,
  body?: Buffer,
): Promise<Course> {
  const box = `fault${++serial}@example.org`;
  const senders = startSenders(store, box, body);
  await senders.more(100);
  await fault(senders);
  const recovery = await senders.recovery();
  // Some work after it, too.
  await senders.more(20);
  const report = await senders.stop();
  const { acknowledged, refusals, outage, slowest } = report;
  if (process.env['FAULT_FIGURES'] !== undefined)
    console.log(
      `${name}: ${acknowledged.size} acknowledged, ${refusals} refusals; longest outage ${Math.round(outage)} ms, slowest answer ${Math.round(slowest)} ms, back after ${Math.round(recovery)} ms`,
    );
  expect(await compare(store, box, report)).toEqual({ lost: [], unasked: [], doubled: 0 });
  expect(report.surprises).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(0);
  expect(recovery).toBeLessThan(20_000);
  expect(slowest).toBeLessThan(16_000);
  return { report, recovery };
}
