/** Tables of the msilo modules of Kamailio and OpenSIPS, as their own scripts make them, in MariaDB or SQLite. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { sharedMariaDb } from './shared-mariadb.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type MsiloVersion = 'kamailio 6' | 'kamailio 7' | 'kamailio 8' | 'opensips 6';
export type Engine = 'SQLite' | 'MariaDB';
type Value = string | number | Buffer | null;
export type MsiloRow = Readonly<Record<string, Value>>;

const ID = {
  MariaDB: 'int(10) unsigned auto_increment primary key not null',
  SQLite: 'integer primary key not null',
};

/** The statement that makes such a table. */
export function createMsiloTable(engine: Engine, version: MsiloVersion, table: string): string {
  const opensips = version === 'opensips 6';
  const addresses = version === 'kamailio 8' || opensips ? 255 : 128;
  const char = opensips ? 'char' : 'varchar';
  const columns = [
    `id ${ID[engine]}`,
    `src_addr ${char}(${addresses}) default '' not null`,
    `dst_addr ${char}(${addresses}) default '' not null`,
    `username ${char}(64) default '' not null`,
    `domain ${char}(64) default '' not null`,
    'inc_time int default 0 not null',
    'exp_time int default 0 not null',
    'snd_time int default 0 not null',
    opensips ? 'ctype char(255) default null' : "ctype varchar(32) default 'text/plain' not null",
    opensips ? 'body blob default null' : 'body blob',
    ...(opensips ? [] : ['extra_hdrs text']),
    ...(version === 'kamailio 7' || version === 'kamailio 8'
      ? ["callid varchar(128) default '' not null", 'status int default 0 not null']
      : []),
  ];
  return `create table ${table} (${columns.join(', ')})`;
}

export interface MsiloTable {
  /** Of its database, as the command line takes it. */
  readonly url: string;
  /** What SILO_STORE may be to have another, empty store on the same engine. */
  readonly store: string;
  /** Inserts rows as the module does; what a row does not say is as in `aRow`. */
  insert(...rows: readonly MsiloRow[]): Promise<void>;
  sql(statement: string): Promise<Record<string, unknown>[]>;
  /** Asks the store. */
  stored(statement: string): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

const HOUR = 3600;

/** A row as msilo writes it for a text from alice to bob. */
export function aRow(change: MsiloRow = {}): MsiloRow {
  const now = Math.floor(Date.now() / 1000);
  return {
    src_addr: 'sip:alice@example.org',
    dst_addr: 'sip:bob@example.org',
    username: 'bob',
    domain: 'example.org',
    inc_time: now - HOUR,
    exp_time: now + HOUR,
    snd_time: 0,
    ctype: 'text/plain',
    body: Buffer.from('hello'),
    ...change,
  };
}

export async function msiloTable(
  engine: Engine,
  version: MsiloVersion = 'kamailio 8',
  { table = 'silo' } = {},
): Promise<MsiloTable> {
  const made = engine === 'SQLite' ? sqliteDatabases() : await mariadbDatabases();
  await made.run('source', createMsiloTable(engine, version, table));
  return {
    ...made,
    insert: async (...rows) => {
      for (let from = 0; from < rows.length; from += 500) {
        const some = rows.slice(from, from + 500).map((row) => aRow(row));
        const columns = Object.keys(some[0] ?? {});
        const marks = `(${columns.map(() => '?').join(', ')})`;
        await made.run(
          'source',
          `insert into ${table} (${columns.join(', ')}) values ${some.map(() => marks).join(', ')}`,
          some.flatMap((row) => columns.map((column) => row[column] ?? null)),
        );
      }
    },
    sql: (statement) => made.run('source', statement),
    stored: (statement) => made.run('store', statement),
  };
}

interface Databases {
  readonly url: string;
  readonly store: string;
  run(which: 'source' | 'store', sql: string, values?: readonly Value[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

function sqliteDatabases(): Databases {
  const folder = temporaryFolder('silo-msilo');
  const paths = { source: join(folder.path, 'kamailio.db'), store: join(folder.path, 'silo.db') };
  return {
    url: `sqlite:${paths.source}`,
    store: `sqlite:${paths.store}`,
    run: (which, sql, values = []) => {
      const database = new DatabaseSync(paths[which]);
      try {
        // A table of another program, of which nothing need outlive a crash.
        database.exec('pragma busy_timeout = 5000; pragma synchronous = off');
        return Promise.resolve(database.prepare(sql).all(...values) as Record<string, unknown>[]);
      } finally {
        database.close();
      }
    },
    drop: () => {
      folder.remove();
      return Promise.resolve();
    },
  };
}

async function mariadbDatabases(): Promise<Databases> {
  const server = await sharedMariaDb();
  const [source, store] = [await server.createDatabase('kamailio'), await server.createDatabase()];
  const connections = {
    source: await createConnection(source.url),
    store: await createConnection(store.url),
  };
  return {
    url: source.url,
    store: store.url,
    run: async (which, sql, values = []) =>
      (await connections[which].query(sql, [...values]))[0] as unknown as Record<string, unknown>[],
    drop: async () => {
      await Promise.all([connections.source.end(), connections.store.end()]);
      await Promise.all([source.drop(), store.drop()]);
    },
  };
}
