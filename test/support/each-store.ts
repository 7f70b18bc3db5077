/** The same suite on a node with SQLite and on one with MariaDB. */
import { afterAll, beforeAll, describe } from 'vitest';
import { mariadbMissing } from './mariadb.ts';
import { needing } from './needing.ts';
import { sharedMariaDb } from './shared-mariadb.ts';

/** @param suite is given the URL of a store that is empty at each call */
export function onEachStore(suite: (emptyStore: () => Promise<string>) => void): void {
  describe('on SQLite', () => suite(() => Promise.resolve('sqlite::memory:')));

  describe('on MariaDB', needing(mariadbMissing()), () => {
    const databases: { readonly drop: () => Promise<void> }[] = [];
    let server: Awaited<ReturnType<typeof sharedMariaDb>>;
    beforeAll(async () => {
      server = await sharedMariaDb();
    }, 60_000);
    afterAll(async () => {
      for (const database of databases) await database.drop();
    });
    suite(async () => {
      const database = await server.createDatabase();
      databases.push(database);
      return database.url;
    });
  });
}
