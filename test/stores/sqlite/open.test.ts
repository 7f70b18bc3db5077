import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { bindingConformance } from '../contract/bindings.ts';
import { aKey, bodyKeyConformance } from '../contract/body-keys.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { aMessage, storeConformance, type StoreUnderTest } from '../contract/messages.ts';
import { mwiConformance } from '../contract/mwi.ts';
import { nodeConformance } from '../contract/nodes.ts';
import { foreignRowsConformance } from '../contract/foreign-rows.ts';
import { roomConformance } from '../contract/room.ts';
import { userConformance } from '../contract/users.ts';

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
  storeConformance(create);
  bindingConformance(create);
  mwiConformance(create);
  nodeConformance(create);
  roomConformance(create);
  foreignRowsConformance(create);
  userConformance(create);
  bodyKeyConformance(create);

  describe('with bodies encrypted', () => {
    const bodyKey = aKey('one');
    storeConformance(async () => {
      const under = await create();
      return { ...under, open: (now) => under.open(now, { bodyKey }) };
    });
  });

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
