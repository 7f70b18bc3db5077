/** Brings the schema of a MySQL database up to date. DDL is not transactional: every step may be run again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SiloError } from '../../../base/errors.ts';
import { isGalera } from './health.ts';
import type { Connection } from './connection.ts';
import { migrate, schemaSteps, type SchemaTarget } from '../../shared/migrate.ts';
import type { Row } from '../../shared/values.ts';

/** Altering a large table takes its time, and another starter may be at it, ms. */
const LIMIT = 600_000;
const LOCK_SECONDS = 60;
const LOCK = "concat('drachtio-silo.schema.', left(database(), 40))";

/** A named lock keeps two starters apart; not so in a Galera cluster, where each node has its own. */
export async function migrateMysql(link: Connection): Promise<void> {
  await link.query(`set session lock_wait_timeout = ${LOCK_SECONDS}`, [], LIMIT);
  if (await isGalera(link, LIMIT)) {
    await migrateAgain(link);
    return;
  }
  await lock(link);
  try {
    await migrate(target(link), schemaSteps('mysql'));
  } finally {
    await link.query(`select release_lock(${LOCK})`, [], LIMIT);
  }
}

async function lock(link: Connection): Promise<void> {
  const [row] = (await link.query(`select get_lock(${LOCK}, ${LOCK_SECONDS}) as held`, [], LIMIT)) as Row[];
  if (Number(row?.['held']) === 1) return;
  throw new SiloError(
    'SILO_SCHEMA',
    'Another node has been changing the schema for over a minute: look at its log, then start again.',
    { status: 503 },
  );
}

const ATTEMPTS = 5;

/** Without a lock the step of one starter may fail because another has just done it: then it is done. */
async function migrateAgain(link: Connection): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await migrate(target(link), schemaSteps('mysql'));
      return;
    } catch (error) {
      if (
        attempt === ATTEMPTS ||
        !(error instanceof SiloError && error.code === 'SILO_SCHEMA') ||
        !link.usable
      )
        throw error;
      await sleep(500 * attempt * (1 + Math.random()));
    }
  }
}

function target(link: Connection): SchemaTarget {
  const query = (sql: string, values: readonly (string | number)[] = []) => link.query(sql, values, LIMIT);
  return {
    applied: async () => {
      await query(
        'create table if not exists silo_schema (version int not null primary key, name varchar(64) not null, applied timestamp not null default current_timestamp) engine = InnoDB',
      );
      const rows = (await query('select version from silo_schema')) as Row[];
      return rows.map((row) => Number(row['version']));
    },
    apply: async (step) => {
      for (const statement of step.statements) await query(statement);
      await query('insert into silo_schema (version, name) values (?, ?)', [step.version, step.name]);
    },
  };
}
