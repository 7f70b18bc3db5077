/** A MariaDB that lets nobody in without TLS, and an authority for it. */
import { copyFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { createAuthority, opensslMissing, type Authority } from './certificates.ts';
import { mariadbMissing, startMariaDb, type TestMariaDb } from './mariadb.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface SecureMariaDb {
  readonly server: TestMariaDb;
  readonly authority: Authority;
  /** Folder of the certificates. */
  readonly folder: string;
  /** URL of the database `silo` for root, without parameters. */
  readonly url: string;
  /** As root, over TLS of mysql2's own. */
  sql(statement: string): Promise<void>;
  /** From now on it shows another certificate, by its own authority unless told otherwise. */
  show(names: string, days?: number, authority?: Authority): Promise<void>;
  stop(): Promise<void>;
}

export function secureMariadbMissing(): string | undefined {
  return mariadbMissing() ?? opensslMissing();
}

export async function startSecureMariaDb(args: readonly string[] = []): Promise<SecureMariaDb> {
  const folder = temporaryFolder('silo-tls');
  const authority = await createAuthority(folder.path, 'database');
  const { cert, key } = await authority.issue('server', 'IP:127.0.0.1,DNS:localhost');
  const server = await startMariaDb({
    args: [
      ...[`--ssl-ca=${authority.ca}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`],
      ...['--require-secure-transport=ON', ...args],
    ],
  });
  const sql = async (statement: string) => {
    const connection = await createConnection({ uri: server.url(''), ssl: { rejectUnauthorized: false } });
    await connection.query(statement);
    await connection.end();
  };
  await sql('create database silo');
  return {
    server,
    authority,
    folder: folder.path,
    url: server.url('silo'),
    sql,
    show: async (names, days, by = authority) => {
      const other = await by.issue('other', names, days);
      copyFileSync(other.cert, cert);
      copyFileSync(other.key, key);
      await sql('flush ssl');
    },
    stop: async () => {
      await server.stop();
      folder.remove();
    },
  };
}
