import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { NEEDED_COLUMNS } from '../../../lib/stores/shared/needed-columns.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('the columns that are needed are those that the steps make', async () => {
  const folder = temporaryFolder('silo-schema');
  const path = join(folder.path, 'silo.db');
  await (await openStore(`sqlite:${path}`)).close();
  const database = new DatabaseSync(path);
  try {
    for (const [table, columns] of Object.entries(NEEDED_COLUMNS.sqlite)) {
      const made = database.prepare('select name from pragma_table_info(?)').all(table) as { name: string }[];
      // Kamailio's, unused.
      const ours = made.map(({ name }) => name).filter((name) => table !== 'silo' || name !== 'status');
      expect([table, ...ours.sort()]).toEqual([table, ...columns.split(' ').sort()]);
    }
    const tables = database
      .prepare(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'",
      )
      .all() as { name: string }[];
    expect(tables.map(({ name }) => name).sort()).toEqual(
      [...Object.keys(NEEDED_COLUMNS.sqlite), 'silo_schema'].sort(),
    );
  } finally {
    database.close();
    folder.remove();
  }
});
