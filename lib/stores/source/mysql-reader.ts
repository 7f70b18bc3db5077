/**
 * A MySQL or MariaDB database that is only read. Any server will do, a replica too: nothing is asked of it but
 * SELECTs, outside of transactions, so nothing is locked.
 */
import { SiloError, textOf } from '../../base/errors.ts';
import type { Connection } from '../mysql/link/connection.ts';
import type { MysqlAccess } from '../access.ts';
import type { Reader } from './reader.ts';
import { text, type Row } from '../shared/values.ts';

/** A connection must be there within this time, a query have its answer within the other, ms. */
const OPEN_LIMIT = 5_000;
const QUERY_LIMIT = 120_000;

/** @throws SiloError `SILO_SOURCE` when no host lets us in */
export async function openMysqlReader(access: MysqlAccess): Promise<Reader> {
  const { account, name } = access;
  const connection = await firstOf(access);
  const all = async (sql: string, values: readonly (string | readonly string[])[] = []): Promise<Row[]> => {
    try {
      return (await connection.query(sql, values, QUERY_LIMIT)) as Row[];
    } catch (cause) {
      throw new SiloError(
        'SILO_SOURCE',
        `${name} could not be read (${textOf(cause)}): check that it is up and that the user ${account.user} may SELECT.`,
        { cause },
      );
    }
  };
  // The server shall see to it as well; a very old one does not know how.
  await all('set session transaction read only').catch(() => undefined);
  return {
    name,
    columns: async (table) => {
      const rows = await all(
        `select column_name as name, character_maximum_length as width, character_set_name as charset,
           data_type as type from information_schema.columns
           where table_schema = database() and table_name = ? order by ordinal_position`,
        [table],
      );
      return new Map(
        rows.map((row) => {
          const width = text(row, 'type').endsWith('char') ? Number(row['width']) : undefined;
          return [text(row, 'name'), { width, charset: charsetOf(text(row, 'charset')) }];
        }),
      );
    },
    all,
    quoted: (word) => `\`${word.replaceAll('`', '``')}\``,
    bytes: (expression) => `cast(${expression} as binary)`,
    utf8: (expression) => `cast(convert(${expression} using utf8mb4) as binary)`,
    close: () => {
      connection.end();
      return Promise.resolve();
    },
  };
}

/** '' for what is no text. */
function charsetOf(name: string): 'wide' | 'other' | undefined {
  if (/^(?:ucs2|utf16|utf32)/.test(name)) return 'wide';
  return name === '' || /^(?:utf8|ascii|binary)/.test(name) ? undefined : 'other';
}

async function firstOf({ hosts, account, tls, name }: MysqlAccess): Promise<Connection> {
  const reasons: string[] = [];
  const { Connection } = await import('../mysql/link/connection.ts');
  for (const host of hosts) {
    let connection: InstanceType<typeof Connection> | undefined;
    try {
      connection = new Connection(host, account, await tls?.secure(), () => undefined);
      await connection.connect(OPEN_LIMIT);
      return connection;
    } catch (error) {
      connection?.destroy(error instanceof Error ? error : new Error(String(error)));
      reasons.push(`${host.name}: ${textOf(error)}`);
    }
  }
  throw new SiloError(
    'SILO_SOURCE',
    `${name} can't be reached (${reasons.join('; ')}): check host, port, user and password in the URL.`,
  );
}
