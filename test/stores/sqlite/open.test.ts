import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { everyStore } from '../contract/every-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { aSubscriber } from '../contract/users.ts';
import { aMessage, type StoreUnderTest } from '../contract/messages.ts';

describe('the SQLite store', () => {
  const create = (): Promise<StoreUnderTest> => {
    const folder = temporaryFolder('silo-sqlite');
    const path = join(folder.path, 'silo.db');
    return Promise.resolve({
      open: (now, options) => openStore(`sqlite:${path}`, { now, ...options }),
      sql: (statement) => {
        const database = new DatabaseSync(path);
        database.exec(statement);
        database.close();
        return Promise.resolve();
      },
      remove: () => {
        folder.remove();
        return Promise.resolve();
      },
    });
  };
  everyStore(create);

  test('a path that cannot be opened is refused with a sentence', async () => {
    await expect(openStore('sqlite:/nowhere/at/all/silo.db')).rejects.toMatchObject({
      code: 'SILO_STORE_UNAVAILABLE',
      message: expect.stringContaining('set SILO_STORE=sqlite:<path>') as string,
    });
  });

  test('a table of users that takes Bob for bob gives neither to the other', async () => {
    const folder = temporaryFolder('silo-sqlite');
    const path = join(folder.path, 'silo.db');
    const database = new DatabaseSync(path);
    database.exec(
      `create table subscriber (id integer primary key, username text collate nocase not null, domain text not null,
         ha1 text not null default '', unique (username, domain));
       insert into subscriber (username, domain, ha1) values ('bob', 'example.org', 'a')`,
    );
    database.close();
    const store = await openStore(`sqlite:${path}`);
    await expect(store.putSubscriber(aSubscriber('Bob'))).rejects.toThrow(
      '"Bob@example.org" can\'t be a user beside "bob@example.org"',
    );
    expect(await store.removeSubscriber('Bob', 'example.org')).toBe(false);
    expect(await store.subscriber('bob', 'example.org')).toMatchObject({ ha1: 'a' });
    await store.close();
    folder.remove();
  });

  test('an in-memory store works', async () => {
    const store = await openStore('sqlite::memory:', { now: () => 1000 });
    await store.accept(aMessage('bob@example.org'));
    expect(await store.claim('bob@example.org', 'node', 10)).toHaveProperty('lease');
    expect(await store.waiting('bob@example.org', 1000, 10)).toHaveLength(1);
    await store.close();
  });

  test('a store URL that cannot be read is refused, its password hidden', async () => {
    for (const url of ['', 'sqlite:', 'postgres://x', 'mysql://', 'mysql://root:secret@host'])
      await expect(openStore(url)).rejects.toMatchObject({ code: 'SILO_STORE_URL' });
    await expect(openStore('mysql://root:secret@host')).rejects.not.toThrow('secret');
  });
});
