/** Brings the schema of a MySQL database up to date. DDL is not transactional: every step may be run again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SiloError, textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import { isDenied, isNoTable } from './errors.ts';
import { isGalera } from './health.ts';
import type { Connection } from './connection.ts';
import { migrate, schemaSteps, type OnStep, type SchemaTarget } from '../../shared/migrate.ts';
import { byTable, missingColumns } from '../../shared/needed-columns.ts';
import { text, type Row } from '../../shared/values.ts';
import { keepWideText } from './wide-text.ts';

const log = logger('store:schema');

/** Altering a large table takes its time, and another starter may be at it, ms. */
const LIMIT = 600_000;
const LOCK_SECONDS = 60;
/** Where steps are remembered. */
export const CREATE_SCHEMA =
  'create table if not exists silo_schema (version int not null primary key, name varchar(64) not null, applied timestamp not null default current_timestamp) engine = InnoDB';
const LOCK = "concat('drachtio-silo.schema.', left(database(), 40))";

/** A named lock keeps two starters apart; not so in a Galera cluster, where each node has its own. */
export async function migrateMysql(connection: Connection, onStep?: OnStep): Promise<readonly string[]> {
  await connection.query(`set session lock_wait_timeout = ${LOCK_SECONDS}`, [], LIMIT);
  if (await isGalera(connection, LIMIT)) {
    return migrateAgain(connection, onStep);
  }
  await lock(connection);
  try {
    return await migrate(mysqlSchema(connection), schemaSteps('mysql'), onStep);
  } finally {
    await connection.query(`select release_lock(${LOCK})`, [], LIMIT);
  }
}

async function lock(connection: Connection): Promise<void> {
  const [row] = (await connection.query(
    `select get_lock(${LOCK}, ${LOCK_SECONDS}) as held`,
    [],
    LIMIT,
  )) as Row[];
  if (Number(row?.['held']) === 1) return;
  throw new SiloError(
    'SILO_SCHEMA',
    'Another node has been changing the schema for over a minute: look at its log, then start again.',
    { status: 503 },
  );
}

const ATTEMPTS = 5;

/** Without a lock the step of one starter may fail because another has just done it: then it is done. */
async function migrateAgain(connection: Connection, onStep: OnStep | undefined): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await migrate(mysqlSchema(connection), schemaSteps('mysql'), onStep);
    } catch (error) {
      if (
        attempt === ATTEMPTS ||
        !(error instanceof SiloError && error.code === 'SILO_SCHEMA') ||
        !connection.usable
      )
        throw error;
      await sleep(500 * attempt * (1 + Math.random()));
    }
  }
}

/** The schema of the database that a connection is in. */
export function mysqlSchema(connection: Connection): SchemaTarget {
  const query = (sql: string, values: readonly (string | number)[] = []) =>
    connection.query(sql, values, LIMIT);
  const missing = async () => {
    const rows = (await query(
      `select table_name as name, column_name as col from information_schema.columns
         where table_schema = database()`,
    )) as Row[];
    return missingColumns(byTable(rows.map((row) => [text(row, 'name'), text(row, 'col')])), 'mysql');
  };
  /**
   * A user without rights to create and alter does well when everything was made by hand; then there need not even be a
   * table in which to remember a step that found its work done.
   */
  const unlessMade = async (error: unknown) => {
    if (!(isDenied(error) || isNoTable(error)) || (await missing()).length > 0) throw error;
    log.debug(`the schema was made by hand: ${textOf(error)}`);
  };
  return {
    dialect: 'mysql',
    applied: async () => {
      const select = () => query('select version from silo_schema') as Promise<Row[]>;
      const rows = await select().catch((error: unknown): Row[] => {
        if (!isNoTable(error) && !isDenied(error)) throw error;
        return [];
      });
      return rows.map((row) => Number(row['version']));
    },
    begin: async () => {
      // Without the right to: the steps will tell whether it is needed.
      await query(CREATE_SCHEMA).catch((denied: unknown) => {
        if (!isDenied(denied)) throw denied;
      });
    },
    apply: async (step) => {
      try {
        if (step.version === 1) await keepWideText(query);
        for (const statement of step.statements) await query(statement);
        await query('insert into silo_schema (version, name) values (?, ?)', [step.version, step.name]);
      } catch (error) {
        await unlessMade(error);
      }
    },
    missing,
  };
}
