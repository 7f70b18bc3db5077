import { inject } from 'vitest';
import { createDatabase, urlOf, type TestDatabase } from './mariadb-database.ts';

export interface SharedMariaDb {
  readonly port: number;
  readonly url: (database: string) => string;
  createDatabase(prefix?: string): Promise<TestDatabase>;
}

/**
 * The one MariaDB of this test run; the first caller starts it. Take a database of your own from it, and leave the
 * server alone: a test that wants to kill one starts its own with `startMariaDb()`.
 *
 * @example
 * describe('the MySQL store', needing(mariadbMissing()), () => {
 *   let database: TestDatabase;
 *   beforeAll(async () => {
 *     database = await (await sharedMariaDb()).createDatabase();
 *   });
 *   afterAll(() => database.drop());
 * });
 */
export async function sharedMariaDb(): Promise<SharedMariaDb> {
  const answer = await fetch(inject('mariadbStarter'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  const port = Number(text);
  return {
    port,
    url: (database) => urlOf(port, database),
    createDatabase: (prefix) => createDatabase(port, prefix),
  };
}
