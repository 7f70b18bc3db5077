/**
 * Applies `sql/<dialect>/NNNN-name.sql` in order, each once, and remembers it in `silo_schema`.
 * The caller holds a lock (two nodes may start at once). The same files can be run by hand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { packageRoot } from '../../base/package.ts';
import { refuseMissing } from './needed-columns.ts';

const log = logger('store:schema');

export type Dialect = 'sqlite' | 'mysql';

export interface SchemaStep {
  readonly version: number;
  readonly name: string;
  /** The whole file, with its comments. */
  readonly text: string;
  readonly statements: readonly string[];
}

/** What the runner needs of an open database. */
export interface SchemaTarget {
  readonly dialect: Dialect;
  /** The versions applied so far; changes nothing, so whoever may only read and write can ask. */
  applied(): Promise<readonly number[]>;
  /** Makes the table in which steps are remembered. */
  begin(): Promise<void>;
  /** Runs the statements of a step and remembers it. */
  apply(step: SchemaStep): Promise<void>;
  /** Columns that this version needs and that are not there, as `table.column`. */
  missing(): Promise<readonly string[]>;
}

/** The steps of a dialect, in order. */
export function schemaSteps(
  dialect: Dialect,
  folder = join(packageRoot(), 'sql', dialect),
): readonly SchemaStep[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}-.+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return {
        version: Number(file.slice(0, 4)),
        name: file.slice(5, -4),
        text,
        statements: splitStatements(text),
      };
    });
}

/** Told of each step before it is done. */
export type OnStep = (step: SchemaStep, index: number, of: number) => void;

/** The highest version in a database, where this program does not know it. */
export function newerThan(applied: Iterable<number>, steps: readonly SchemaStep[]): number | undefined {
  const newest = steps.at(-1)?.version ?? 0;
  const ahead = [...applied].filter((version) => version > newest);
  return ahead.length === 0 ? undefined : Math.max(...ahead);
}

/**
 * Brings a database to the newest step. Returns the names of the steps applied now.
 * @throws SiloError `SILO_SCHEMA_NEWER` when the database knows steps that this version does not,
 *   `SILO_SCHEMA` when a step fails or the steps that are applied were others
 */
export async function migrate(
  target: SchemaTarget,
  steps: readonly SchemaStep[],
  onStep: OnStep = () => undefined,
): Promise<readonly string[]> {
  const applied = new Set(await target.applied());
  const newer = newerThan(applied, steps);
  if (newer !== undefined) {
    throw new SiloError(
      'SILO_SCHEMA_NEWER',
      `The database has schema step ${newer}, this version of drachtio-silo knows steps up to ${steps.at(-1)?.version ?? 0}. ` +
        'A newer version has been here: run that version, or restore a backup from before the upgrade.',
    );
  }
  const lacking = steps.filter(({ version }) => !applied.has(version));
  if (lacking.length > 0) await target.begin();
  const done: string[] = [];
  for (const [index, step] of lacking.entries()) {
    onStep(step, index, lacking.length);
    try {
      await target.apply(step);
    } catch (cause) {
      throw new SiloError(
        'SILO_SCHEMA',
        `Schema step ${step.version} (${step.name}) failed: ${textOf(cause)}. ` +
          `The steps before it are applied, ${lacking.length - index} are missing. They need a user who may create and alter tables: run ` +
          'drachtio-silo migrate with one, or give what drachtio-silo migrate --print says to whoever keeps the database ' +
          '(docs/stores.md). Every step may be run again.',
        { cause },
      );
    }
    log.debug(`applied schema step ${step.version} ${step.name}`);
    done.push(step.name);
  }
  refuseMissing(await target.missing(), `sql/${target.dialect}/`);
  return done;
}

/**
 * Splits a schema file into statements: `;` ends one, except inside quotes, comments and triggers.
 * Enough for our own files, which use no delimiters and no other stored programs.
 */
function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  for (const [token] of sql.matchAll(
    /--[^\n]*|'(?:[^']|'')*'|;|create trigger\b.*?\bend(?=;)|\s+|[^-';\s]+|-/gs,
  )) {
    if (token.startsWith('--')) continue;
    if (token === ';') {
      statements.push(current.trim());
      current = '';
    } else current += token;
  }
  statements.push(current.trim());
  return statements.filter((statement) => statement !== '');
}
