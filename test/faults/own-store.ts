/** A store for one run, gone after it. */
import { join } from 'node:path';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export interface OwnStore {
  readonly url: string;
  drop(): Promise<void>;
}

export async function ownMariaDb(): Promise<OwnStore> {
  return (await sharedMariaDb()).createDatabase();
}

export function ownSqlite(): OwnStore {
  const folder = temporaryFolder('silo-faults');
  return {
    url: `sqlite:${join(folder.path, 'silo.db')}`,
    drop: () => {
      folder.remove();
      return Promise.resolve();
    },
  };
}
