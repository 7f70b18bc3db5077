/** Looks into the table of messages, ours or a Kamailio's, past whoever works on it. */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { DatabaseSync } from '@photostructure/sqlite';
import type { MessageTable } from '../model.ts';

const TEXTS = 'select body from silo where username like ? order by id';

type Row = Readonly<Record<string, unknown>>;

function tableOf(query: (sql: string, prefix: string) => Promise<readonly Row[]>): MessageTable {
  return {
    texts: async (prefix) =>
      (await query(TEXTS, prefix)).map(({ body }) =>
        Buffer.from(body as Uint8Array)
          .toString('latin1')
          .split(' ', 2)
          .join(' '),
      ),
  };
}

export async function mariadbTable(
  url: string,
): Promise<{ table: MessageTable; close: () => Promise<void> }> {
  const connection = await createConnection(url);
  return {
    table: tableOf(async (sql, prefix) => (await connection.query<RowDataPacket[]>(sql, [`${prefix}%`]))[0]),
    close: () => connection.end(),
  };
}

export function sqliteTable(path: string): MessageTable {
  return tableOf((sql, prefix) => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return Promise.resolve(database.prepare(sql).all(`${prefix}%`) as Row[]);
    } finally {
      database.close();
    }
  });
}
