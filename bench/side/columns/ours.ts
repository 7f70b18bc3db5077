/** This application, as a user runs it, with its limits off: the load comes from one address. */
import { join } from 'node:path';
import { freePort } from '../../../test/support/free-port.ts';
import { launchApp } from '../../../test/support/app.ts';
import { mariadbMissing, type TestMariaDb } from '../../../test/support/mariadb.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { FULL, type Column, type Running, type Site } from '../model.ts';
import { drachtioMissing, SECRET, startDrachtio } from './drachtio.ts';
import { profiled } from './profiled.ts';
import { mariadbTable, sqliteTable } from './tables.ts';

export interface Front {
  readonly id: string;
  readonly title: string;
  readonly behind: 'embedded' | 'drachtio';
}

interface Kind extends Front {
  readonly store: 'mariadb' | 'sqlite';
  /** Does much wait in the store from the beginning? */
  readonly full?: boolean;
}

export function ours(kind: Kind): Column {
  const { id, title, behind, store, full = false } = kind;
  return {
    id,
    title,
    ours: true,
    ...(full ? {} : { full: ours({ ...kind, id: id + FULL, title: `${title}, full`, full: true }) }),
    missing: (site) =>
      (behind === 'drachtio' ? drachtioMissing(site) : undefined) ??
      (store === 'mariadb' ? mariadbMissing() : undefined),
    start: async (site) => {
      const opened: Opened = [];
      try {
        return await start(kind, site, opened);
      } catch (error) {
        await closeAll(opened);
        throw error;
      }
    },
  };
}

async function start(
  { id, behind, store, full = false }: Kind,
  site: Site,
  opened: Opened,
): Promise<Running> {
  const { url, table } =
    store === 'mariadb' ? await onMariaDb(site, full, opened) : await onSqlite(site, full, opened);
  const drachtio = behind === 'drachtio' ? await startDrachtio(site) : undefined;
  if (drachtio) opened.push(() => drachtio.stop());
  const server = drachtio?.sip ?? { host: '127.0.0.1', port: await freePort() };
  const env = {
    SILO_LIMITS: 'no',
    SILO_STORE: url,
    ...(store === 'mariadb' && site.workers > 1 ? { SILO_WORKERS: String(site.workers) } : {}),
    ...(drachtio
      ? { DRACHTIO_HOST: '127.0.0.1', DRACHTIO_PORT: String(drachtio.adminPort), DRACHTIO_SECRET: SECRET }
      : { SILO_SIP_LISTEN: `${server.host}:${server.port}` }),
  };
  const begun = performance.now();
  const app = await launchApp(env, profiled(site, id));
  opened.push(async () => {
    await app.stop(20_000);
  });
  await app.line('drachtio-silo ready', { timeoutMs: 120_000 });
  return {
    server,
    readyMs: performance.now() - begun,
    pids: { app: app.pid, ...(drachtio ? { server: drachtio.pid } : {}) },
    usesMariaDb: store === 'mariadb',
    table,
    stop: () => closeAll(opened),
  };
}

type Opened = (() => Promise<void> | void)[];

async function onMariaDb({ mariadb, full }: Site, isFull: boolean, opened: Opened) {
  if (!mariadb) throw new Error('there is no MariaDB');
  const url = isFull ? await full?.mariadb() : await emptyDatabase(mariadb, opened);
  if (url === undefined) throw new Error('no full store is wanted');
  const { table, close } = await mariadbTable(url);
  opened.push(close);
  return { url, table };
}

async function emptyDatabase(mariadb: TestMariaDb, opened: Opened): Promise<string> {
  const database = await mariadb.createDatabase('bench');
  opened.push(() => database.drop());
  return database.url;
}

async function onSqlite({ full }: Site, isFull: boolean, opened: Opened) {
  const folder = temporaryFolder('silo-bench');
  opened.push(() => folder.remove());
  const path = join(folder.path, 'silo.db');
  if (isFull) await full?.sqlite(path);
  return { url: `sqlite:${path}`, table: sqliteTable(path) };
}

/** The last first; one that fails keeps no other from it, and is told when all are. */
export async function closeAll(opened: Opened): Promise<void> {
  const failures: unknown[] = [];
  for (let close = opened.pop(); close; close = opened.pop())
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
}
