/**
 * MySQL 8 and MariaDB >= 10.6 through mysql2. READ COMMITTED, group commit, deadlocks and lock waits
 * tried again, a time limit on every query so that a frozen server can't hold a request.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import type { Pool, PoolConnection, ResultSetHeader } from 'mysql2/promise';
import { SiloError } from '../errors.ts';
import { migrate, schemaSteps, type SchemaTarget } from './migrate.ts';
import { mysqlBindings } from './mysql-bindings.ts';
import { mysqlDead } from './mysql-dead.ts';
import { mysqlLeases } from './mysql-leases.ts';
import { mysqlMwi } from './mysql-mwi.ts';
import { mysqlSilo } from './mysql-silo.ts';
import { refusedValue, unavailable, type Row } from './rows.ts';
import type { Store } from './store.ts';

type Parameter = string | number | Buffer | null | readonly Parameter[];

/** Queries on one connection (inside a transaction) or on any (outside). */
export interface Queries {
  /** Rows of a select. */
  all(sql: string, values?: readonly Parameter[]): Promise<Row[]>;
  /** Changed rows of anything else. */
  run(sql: string, values?: readonly Parameter[]): Promise<number>;
}

export interface Mysql extends Queries {
  readonly name: string;
  /** Runs `work` in one transaction; again from its start after a deadlock or a lock-wait time-out. */
  readonly transaction: <T>(work: (queries: Queries) => Promise<T>) => Promise<T>;
}

export interface MysqlOptions {
  /** Connections in the pool. */
  readonly connections: number;
  /** Milliseconds after which a query counts as failed. */
  readonly queryTimeout: number;
}

const SESSION = [
  'set session transaction isolation level read committed',
  "set session sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', session innodb_lock_wait_timeout = 5",
];

/** @param url `mysql://user:password@host:port/database` */
export async function openMysql(url: URL, now: () => number, options: MysqlOptions): Promise<Store> {
  const name = `mysql://${url.host}${url.pathname}`;
  const pool = mysql.createPool({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4_bin',
    connectionLimit: options.connections,
    connectTimeout: options.queryTimeout,
    enableKeepAlive: true,
    // Count changed rows, not matched ones: a repeated key must count as nothing.
    flags: ['-FOUND_ROWS'],
    supportBigNumbers: true,
  });
  pool.on('connection', (connection) => {
    // Queued before the first query of whoever asked for the connection. Emitted is the callback form, and a query
    // without a callback would end the process when the connection breaks.
    const raw = connection as unknown as { query(sql: string, callback: () => void): void };
    for (const statement of SESSION) raw.query(statement, () => undefined);
  });
  const db = connect(name, pool, options.queryTimeout);
  try {
    await migrateLocked(pool);
  } catch (error) {
    await pool.end();
    throw error instanceof SiloError ? error : unavailable(name, error);
  }
  return {
    name,
    ...mysqlSilo(db, now),
    ...mysqlDead(db, now),
    ...mysqlLeases(db),
    ...mysqlBindings(db),
    ...mysqlMwi(db, now),
    ping: async () => {
      await db.all('select 1');
    },
    close: () => pool.end(),
  };
}

function connect(name: string, pool: Pool, timeout: number): Mysql {
  const on = (target: Pool | PoolConnection): Queries => ({
    all: async (sql, values = []) => {
      const [rows] = await target.query({ sql, values: values as unknown[], timeout });
      return rows as unknown as Row[];
    },
    run: async (sql, values = []) => {
      const [result] = await target.query({ sql, values: values as unknown[], timeout });
      return (result as ResultSetHeader).affectedRows;
    },
  });
  const guard = <T>(work: () => Promise<T>): Promise<T> =>
    again(work).catch((error: unknown) => {
      throw asOurs(name, error);
    });
  const simple = on(pool);
  return {
    name,
    all: (sql, values) => guard(() => simple.all(sql, values)),
    run: (sql, values) => guard(() => simple.run(sql, values)),
    transaction: (work) =>
      guard(async () => {
        const connection = await pool.getConnection();
        let healthy = false;
        try {
          await connection.query({ sql: 'begin', timeout });
          const result = await work(on(connection));
          await connection.query({ sql: 'commit', timeout });
          healthy = true;
          return result;
        } catch (error) {
          healthy = await connection.query({ sql: 'rollback', timeout: 1000 }).then(
            () => true,
            () => false,
          );
          throw error;
        } finally {
          // A connection whose state is unknown must not serve anybody else.
          if (healthy) connection.release();
          else connection.destroy();
        }
      }),
  };
}

const DEADLOCK = 1213;
const LOCK_WAIT = 1205;
/** Null, too long, out of range, not in the character set. */
const BAD_VALUE = new Set([1048, 1264, 1366, 1406]);

/** InnoDB (and every Galera node) may refuse a transaction that would succeed when tried again. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const number = errno(error);
      if ((number !== DEADLOCK && number !== LOCK_WAIT) || attempt === 5) throw error;
      await sleep(5 * attempt * (1 + Math.random()));
    }
  }
}

function asOurs(name: string, error: unknown): unknown {
  if (error instanceof SiloError) return error;
  return BAD_VALUE.has(errno(error)) ? refusedValue(error) : unavailable(name, error);
}

function errno(error: unknown): number {
  return typeof error === 'object' && error !== null && 'errno' in error ? Number(error.errno) : 0;
}

/** DDL is not transactional: a named lock keeps two starters apart, and every step may be run again. */
async function migrateLocked(pool: Pool): Promise<void> {
  const connection = await pool.getConnection();
  try {
    const lock = "concat('drachtio-silo.schema.', left(database(), 40))";
    const [[held]] = (await connection.query(`select get_lock(${lock}, 60) as held`)) as unknown as [Row[]];
    if (Number(held?.['held']) !== 1)
      throw new SiloError(
        'SILO_SCHEMA',
        'Another node has been changing the schema for over a minute: look at its log, then start again.',
        { status: 503 },
      );
    try {
      await migrate(target(connection), schemaSteps('mysql'));
    } finally {
      await connection.query(`select release_lock(${lock})`);
    }
  } finally {
    connection.release();
  }
}

function target(connection: PoolConnection): SchemaTarget {
  return {
    applied: async () => {
      await connection.query(
        'create table if not exists silo_schema (version int not null primary key, name varchar(64) not null, applied timestamp not null default current_timestamp) engine = InnoDB',
      );
      const [rows] = await connection.query('select version from silo_schema');
      return (rows as unknown as Row[]).map((row) => Number(row['version']));
    },
    apply: async (step) => {
      for (const statement of step.statements) await connection.query(statement);
      await connection.query('insert into silo_schema (version, name) values (?, ?)', [
        step.version,
        step.name,
      ]);
    },
  };
}
