/** The schema of a store, for operators: what is missing, doing it, and the SQL for those who do it by hand. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { SiloError, textOf } from '../../base/errors.ts';
import { accessOf } from '../access.ts';
import { CREATE_SCHEMA, migrateMysql, mysqlSchema } from '../mysql/link/schema.ts';
import { unreadableStore } from '../open.ts';
import type { TlsOptions } from '../options.ts';
import {
  migrate,
  newerThan,
  schemaSteps,
  type Dialect,
  type OnStep,
  type SchemaTarget,
} from '../shared/migrate.ts';
import { asOurs, openFile } from '../sqlite/inside/database.ts';
import { schemaOf, schemaRead } from '../sqlite/schema.ts';

export interface SchemaState {
  /** The store without user and password. */
  readonly store: string;
  readonly dialect: Dialect;
  /** What this version knows, in order. */
  readonly steps: readonly { readonly version: number; readonly name: string; readonly applied: boolean }[];
  /** A step of a newer version, which this one does not know. */
  readonly newer: number | undefined;
  /** Columns that this version needs and that are not there, as `table.column`. */
  readonly lacks: readonly string[];
  /** Nobody remembers a step, and all the columns are there: somebody ran the files by hand. */
  readonly byHand: boolean;
}

/** Looks, and changes nothing: a file that is not there is not made either. */
export async function readSchema(url: string, options: TlsOptions = {}): Promise<SchemaState> {
  const path = sqlitePath(url);
  if (path !== undefined) {
    const name = `sqlite:${path}`;
    if (path === ':memory:' || !existsSync(path)) return stateOf(name, 'sqlite', NOTHING);
    return readFile(path, (file) => stateOf(name, 'sqlite', schemaRead(file)));
  }
  const access = accessOf(url, options);
  if (!access) throw unreadableStore(url);
  const { onConnection } = await import('./one-connection.ts');
  return onConnection(access, (connection) => stateOf(access.name, 'mysql', mysqlSchema(connection)));
}

const NOTHING = { applied: () => Promise.resolve([]), missing: () => Promise.resolve(['silo.id']) };

async function stateOf(
  store: string,
  dialect: Dialect,
  { applied, missing }: Pick<SchemaTarget, 'applied' | 'missing'>,
): Promise<SchemaState> {
  const done = new Set(await applied());
  const lacks = await missing();
  const known = schemaSteps(dialect);
  return {
    store,
    dialect,
    steps: known.map(({ version, name }) => ({ version, name, applied: done.has(version) })),
    newer: newerThan(done, known),
    lacks,
    byHand: done.size === 0 && lacks.length === 0,
  };
}

/** What the application does at its start, and nothing else. @returns the names of the steps that were done */
export async function migrateStore(
  url: string,
  options: TlsOptions,
  onStep: OnStep,
): Promise<readonly string[]> {
  const path = sqlitePath(url);
  if (path === undefined) {
    const access = accessOf(url, options);
    if (!access) throw unreadableStore(url);
    const { onConnection } = await import('./one-connection.ts');
    return onConnection(access, (connection) => migrateMysql(connection, onStep));
  }
  const file = openFile(path);
  try {
    return await migrate(schemaOf(file), schemaSteps('sqlite'), onStep);
  } catch (error) {
    throw asOurs(`sqlite:${path}`, error);
  } finally {
    file.close();
  }
}

/**
 * The steps as they can be run by hand, each remembered as the application remembers it. SQLite has no rights that somebody else
 * might have, and its `add column` may not be run twice.
 *
 * @param versions undefined: all
 * @throws SiloError `SILO_USAGE`
 */
export function sqlOf(url: string, versions: ReadonlySet<number> | undefined): string {
  if (sqlitePath(url) !== undefined)
    throw new SiloError(
      'SILO_USAGE',
      'SQLite knows no users with other rights: run drachtio-silo migrate as the user whose file it is; the steps stand in sql/sqlite/.',
    );
  const steps = schemaSteps('mysql').filter(({ version }) => versions?.has(version) ?? true);
  if (steps.length === 0) return '';
  const remember = ({ version, name }: (typeof steps)[number]) =>
    `insert ignore into silo_schema (version, name) values (${version}, '${name}');`;
  return [`${CREATE_SCHEMA};`, ...steps.map((step) => `${step.text}${remember(step)}`), ''].join('\n\n');
}

function sqlitePath(url: string): string | undefined {
  return /^sqlite:(.+)$/s.exec(url)?.[1];
}

/** As one who may read only: nothing is made, and nobody is kept waiting. */
async function readFile<T>(
  path: string,
  work: (file: Parameters<typeof schemaRead>[0]) => Promise<T>,
): Promise<T> {
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    const opened = (database = new DatabaseSync(path, { readOnly: true }));
    opened.exec('pragma busy_timeout = 5000');
    return await work({ sql: (text) => opened.prepare(text) as never });
  } catch (cause) {
    throw new SiloError(
      'SILO_STORE_UNAVAILABLE',
      `The SQLite file ${path} can't be read (${textOf(cause)}): wanted is the path of a database that this user may read.`,
      { cause },
    );
  } finally {
    database?.close();
  }
}
