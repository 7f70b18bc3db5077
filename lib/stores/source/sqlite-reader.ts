/** A SQLite file, opened to be read only. */
import { DatabaseSync } from '@photostructure/sqlite';
import { SiloError, textOf } from '../../base/errors.ts';
import type { Reader } from './reader.ts';
import { text, type Row, type Value } from '../shared/values.ts';

/** @throws SiloError `SILO_SOURCE` */
export function openSqliteReader(path: string): Promise<Reader> {
  const name = `sqlite:${path}`;
  const failed = (cause: unknown) =>
    new SiloError(
      'SILO_SOURCE',
      `The SQLite file ${path} can't be read (${textOf(cause)}): wanted is the path of a database that this user may read.`,
      { cause },
    );
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    database.exec('pragma busy_timeout = 5000');
    const all = (sql: string, values: readonly Value[]) =>
      database.prepare(sql).all(...values) as unknown as Row[];
    all('select count(*) from sqlite_master', []);
    return Promise.resolve({
      name,
      // SQLite keeps what it gets, whatever the width in the declaration says.
      columns: (table) =>
        attempt(
          () =>
            new Map(
              all('select name from pragma_table_info(?)', [table]).map((row) => [
                text(row, 'name'),
                { width: undefined, charset: undefined },
              ]),
            ),
        ),
      all: (sql, values = []) => attempt(() => all(...expanded(sql, values))),
      quoted: (word) => `"${word.replaceAll('"', '""')}"`,
      bytes: (expression) => `cast(${expression} as blob)`,
      utf8: (expression) => `cast(${expression} as blob)`,
      close: () => attempt(() => database.close()),
    });
  } catch (cause) {
    return Promise.reject(failed(cause));
  }

  function attempt<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (cause) {
      return Promise.reject(failed(cause));
    }
  }
}

/** `in (?)` with a list, as mysql2 understands it. */
function expanded(sql: string, values: readonly (string | readonly string[])[]): [string, readonly string[]] {
  let index = 0;
  const marks = (value: string | readonly string[] | undefined) =>
    Array.isArray(value) ? value.map(() => '?').join(', ') : '?';
  return [sql.replace(/\?/g, () => marks(values[index++])), values.flat()];
}
