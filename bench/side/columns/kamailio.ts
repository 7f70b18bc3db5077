/** Kamailio with msilo, presence and presence_mwi on the same MariaDB; its tables as its own package makes them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { presenceMissing, startKamailio } from '../../../test/support/kamailio.ts';
import { mariadbMissing } from '../../../test/support/mariadb.ts';
import type { Column } from '../model.ts';
import { closeAll } from './ours.ts';
import { mariadbTable } from './tables.ts';

/** Where Debian's kamailio-mysql-modules puts them. */
const TABLES = '/usr/share/kamailio/mysql';
const URL_IN_CONFIG = 'mysql://silo:secret@127.0.0.1:3306/silo';

export const kamailio: Column = {
  id: 'kamailio',
  title: 'Kamailio',
  missing: () =>
    presenceMissing() ??
    (existsSync(TABLES) ? undefined : `Kamailio's tables are missing: there is no ${TABLES}`) ??
    mariadbMissing(),
  start: async ({ mariadb, kamailioChildren }) => {
    if (!mariadb) throw new Error('there is no MariaDB');
    const opened: (() => Promise<void> | void)[] = [];
    try {
      const database = await mariadb.createDatabase('kamailio');
      opened.push(() => database.drop());
      await createTables(database.url);
      const { table, close } = await mariadbTable(database.url);
      opened.push(close);
      const running = await startKamailio({
        config: 'bench.cfg',
        replace: { [URL_IN_CONFIG]: database.url, 'children=4': `children=${kamailioChildren}` },
        // Ten thousand subscriptions and the transactions of a burst need more than its defaults.
        memory: { shared: 512, own: 32 },
      });
      opened.push(() => running.stop());
      return {
        server: running.server,
        pids: { server: running.process.pid },
        usesMariaDb: true,
        table,
        stop: () => closeAll(opened),
      };
    } catch (error) {
      await closeAll(opened);
      throw error;
    }
  },
};

async function createTables(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, multipleStatements: true });
  try {
    for (const name of ['standard', 'usrloc', 'msilo', 'presence'])
      await connection.query(readFileSync(join(TABLES, `${name}-create.sql`), 'utf8'));
  } finally {
    await connection.end();
  }
}
