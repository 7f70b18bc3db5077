/** What a database is like, for `drachtio-silo doctor`: facts, and no opinion on them but those that the engine has anyway. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import type { MysqlAccess } from '../access.ts';
import { isDenied } from '../mysql/link/errors.ts';
import type { Connection } from '../mysql/link/connection.ts';
import { durabilityWarnings } from '../mysql/link/health.ts';
import { NEEDED_COLUMNS } from '../shared/needed-columns.ts';
import type { Row } from '../shared/values.ts';
import { onConnection } from './one-connection.ts';

const LIMIT = 5_000;

export interface MysqlFacts {
  readonly host: string;
  /** As the server says it: `10.11.6-MariaDB`. */
  readonly version: string;
  /** Is it one that is supported: MySQL 8 or newer, MariaDB 10.6 or newer? */
  readonly supported: boolean;
  /** Rights that the application needs and its user has not, as `delete on silo_ledger`; of tables that are there. */
  readonly lacks: readonly string[];
  /** May its user make and change tables? */
  readonly mayMigrate: boolean;
  /** Settings by which an acknowledged message could be lost: sentences. */
  readonly risks: readonly string[];
  /** Seconds by which the clock of the database is ahead of ours. */
  readonly ahead: number;
  /** The cipher of our connection; '' when it is in the clear. */
  readonly cipher: string;
}

/** @throws SiloError `SILO_STORE_UNAVAILABLE` that says why it can't be used */
export function mysqlFacts(access: MysqlAccess): Promise<MysqlFacts> {
  return onConnection(access, async (connection, host) => {
    const one = async (sql: string) => ((await connection.query(sql, [], LIMIT)) as Row[])[0] ?? {};
    const before = Date.now();
    const clock = await one('select @@version as version, unix_timestamp(now(6)) as now');
    const ours = (before + Date.now()) / 2_000;
    const version = String(clock['version']);
    return {
      host,
      version,
      supported: isSupported(version),
      lacks: await lackingRights(connection),
      mayMigrate: await mayMigrate(connection),
      risks: await durabilityWarnings(connection, host, LIMIT),
      ahead: Number(clock['now']) - ours,
      cipher: String((await one("show session status like 'Ssl_cipher'"))['Value'] ?? ''),
    };
  });
}

function isSupported(version: string): boolean {
  const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (!version.includes('MariaDB')) return major >= 8;
  return major > 10 || (major === 10 && minor >= 6);
}

/** Explaining a statement needs the rights of the statement, and does nothing. */
async function lackingRights(connection: Connection): Promise<readonly string[]> {
  const lacking: string[] = [];
  for (const [table, columns] of Object.entries(NEEDED_COLUMNS.mysql)) {
    const [column = ''] = columns.split(' ');
    const statements = {
      select: `select ${column} from ${table} limit 0`,
      insert: `insert into ${table} (${column}) values (default)`,
      update: `update ${table} set ${column} = ${column} where 1 = 0`,
      delete: `delete from ${table} where 1 = 0`,
    };
    for (const [right, statement] of Object.entries(statements)) {
      try {
        await connection.query(`explain ${statement}`, [], LIMIT);
      } catch (error) {
        // A table that is not there is an affair of the schema.
        if (isDenied(error)) lacking.push(`${right} on ${table}`);
      }
    }
  }
  return lacking;
}

/** By what it was granted, itself or by the roles that it has now. */
async function mayMigrate(connection: Connection): Promise<boolean> {
  const rows = (await connection.query('show grants', [], LIMIT)) as Row[];
  const grants = rows.flatMap((row) => Object.values(row).map(String));
  return grants.some((grant) =>
    /^GRANT .*\b(?:ALL PRIVILEGES|CREATE)\b(?!\s+(?:USER|ROUTINE|VIEW|TEMPORARY|TABLESPACE|ROLE)).* ON /.test(
      grant,
    ),
  );
}

export interface SqliteFacts {
  /** Undefined: there is no file yet. */
  readonly version: string | undefined;
  /** `wal`, once the application has made it. */
  readonly journal: string;
}

/** @throws when it can't be read, or is no database */
export function sqliteFacts(path: string): SqliteFacts {
  if (path === ':memory:' || !existsSync(path)) return { version: undefined, journal: '' };
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const one = (sql: string) =>
      Object.values((database.prepare(sql).get() ?? {}) as Row).map(String)[0] ?? '';
    return { version: one('select sqlite_version()'), journal: one('pragma journal_mode') };
  } finally {
    database.close();
  }
}
