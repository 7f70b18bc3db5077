/** Stores that belong to one run: an empty one, and one like it is now. */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { createDatabase, urlOf } from '../../support/mariadb-database.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

export interface FuzzStore {
  readonly url: string;
  /** Another one with the same in it; nobody may write to this one meanwhile. */
  copy(): Promise<FuzzStore>;
  drop(): Promise<void>;
}

/** Makes empty ones. */
export type StoreMaker = () => Promise<FuzzStore>;

export function sqliteStore(): Promise<FuzzStore> {
  const folder = temporaryFolder('silo-fuzz');
  const file = (name: string) => join(folder.path, name);
  return Promise.resolve({
    url: `sqlite:${file('silo.db')}`,
    copy: async () => {
      const copy = await sqliteStore();
      for (const ending of ['', '-wal', '-shm'])
        if (existsSync(file(`silo.db${ending}`)))
          copyFileSync(file(`silo.db${ending}`), `${copy.url.slice('sqlite:'.length)}${ending}`);
      return copy;
    },
    drop: () => {
      folder.remove();
      return Promise.resolve();
    },
  });
}

/** Stores on the MariaDB that listens on this port (test/support/mariadb.ts). */
export function mariadbStore(port: number): StoreMaker {
  const make = async (): Promise<FuzzStore> => {
    const database = await createDatabase(port, 'fuzz');
    return {
      url: database.url,
      copy: async () => {
        const copy = await make();
        await copyTables(port, database.name, new URL(copy.url).pathname.slice(1));
        return copy;
      },
      drop: () => database.drop(),
    };
  };
  return make;
}

async function copyTables(port: number, from: string, to: string): Promise<void> {
  const connection = await createConnection(urlOf(port, from));
  try {
    const [rows] = await connection.query(
      'select table_name as name from information_schema.tables where table_schema = ?',
      [from],
    );
    for (const { name } of rows as unknown as { readonly name: string }[]) {
      await connection.query(`create table \`${to}\`.\`${name}\` like \`${from}\`.\`${name}\``);
      await connection.query(`insert into \`${to}\`.\`${name}\` select * from \`${from}\`.\`${name}\``);
    }
  } finally {
    await connection.end();
  }
}
