/** This application, as a user runs it, with its limits off: the load comes from one address. */
import { join } from 'node:path';
import { freePort } from '../../../test/support/free-port.ts';
import { launchApp } from '../../../test/support/app.ts';
import { mariadbMissing } from '../../../test/support/mariadb.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Column, Running, Site } from '../model.ts';
import { drachtioMissing, SECRET, startDrachtio } from './drachtio.ts';
import { profiled } from './profiled.ts';
import { mariadbTable, sqliteTable } from './tables.ts';

export interface Front {
  readonly id: string;
  readonly title: string;
  readonly behind: 'embedded' | 'drachtio';
}

export function ours(kind: Front & { readonly store: 'mariadb' | 'sqlite' }): Column {
  const { id, title, behind, store } = kind;
  return {
    id,
    title,
    missing: (site) =>
      (behind === 'drachtio' ? drachtioMissing(site) : undefined) ??
      (store === 'mariadb' ? mariadbMissing() : undefined),
    start: async (site) => {
      const opened: (() => Promise<void> | void)[] = [];
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
  { id, behind, store }: Front & { readonly store: 'mariadb' | 'sqlite' },
  site: Site,
  opened: (() => Promise<void> | void)[],
): Promise<Running> {
  const { url, table } = store === 'mariadb' ? await onMariaDb(site, opened) : onSqlite(opened);
  const drachtio = behind === 'drachtio' ? await startDrachtio(site) : undefined;
  if (drachtio) opened.push(() => drachtio.stop());
  const server = drachtio?.sip ?? { host: '127.0.0.1', port: await freePort() };
  const env = {
    SILO_LIMITS: 'no',
    SILO_STORE: url,
    ...(drachtio
      ? { DRACHTIO_HOST: '127.0.0.1', DRACHTIO_PORT: String(drachtio.adminPort), DRACHTIO_SECRET: SECRET }
      : { SILO_SIP_LISTEN: `${server.host}:${server.port}` }),
  };
  const app = await launchApp(env, profiled(site, id));
  opened.push(async () => {
    await app.stop(20_000);
  });
  await app.line('drachtio-silo ready', { timeoutMs: 30_000 });
  return {
    server,
    pids: { app: app.pid, ...(drachtio ? { server: drachtio.pid } : {}) },
    usesMariaDb: store === 'mariadb',
    table,
    stop: () => closeAll(opened),
  };
}

async function onMariaDb({ mariadb }: Site, opened: (() => Promise<void> | void)[]) {
  if (!mariadb) throw new Error('there is no MariaDB');
  const database = await mariadb.createDatabase('bench');
  const { table, close } = await mariadbTable(database.url);
  opened.push(() => database.drop(), close);
  return { url: database.url, table };
}

function onSqlite(opened: (() => Promise<void> | void)[]) {
  const folder = temporaryFolder('silo-bench');
  opened.push(() => folder.remove());
  const path = join(folder.path, 'silo.db');
  return { url: `sqlite:${path}`, table: sqliteTable(path) };
}

/** The last first. */
export async function closeAll(opened: (() => Promise<void> | void)[]): Promise<void> {
  for (let close = opened.pop(); close; close = opened.pop()) await close();
}
