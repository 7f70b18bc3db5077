import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** The account that `mariadb.ts` sets up at each start of the server. */
export const ROOT_PASSWORD = 'pw';

export function urlOf(port: number, database: string): string {
  return `mysql://root:${ROOT_PASSWORD}@127.0.0.1:${port}/${database}`;
}

/** A new, empty database; its name is new even on a server that several test files share. */
export async function createDatabase(port: number, prefix = 'silo'): Promise<TestDatabase> {
  const name = `${prefix}_${randomBytes(5).toString('hex')}`;
  // With the server's own default charset (latin1): the schema must say what it needs.
  await execute(port, `create database \`${name}\``);
  return {
    url: urlOf(port, name),
    name,
    drop: () => execute(port, `drop database if exists \`${name}\``),
  };
}

async function execute(port: number, statement: string): Promise<void> {
  const connection = await createConnection(urlOf(port, ''));
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
