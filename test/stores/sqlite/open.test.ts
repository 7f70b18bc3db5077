import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { everyStore } from '../contract/every-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
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
