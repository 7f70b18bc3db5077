/**
 * How large the tables become: rows as the application writes them, made by the database itself, and what they take on
 * disk. Keys and names are spread at random, as they are in life, so indexes are as full as they would be.
 */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { openStore } from '../lib/stores/open.ts';

export interface TableSize {
  readonly table: string;
  readonly rows: number;
  /** Bytes a row: the row itself, and each index. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** Pages of InnoDB. */
const PAGE = 16_384;
const AOR = "concat('user', n, '@sip.example.org')";
const KEY = "sha2(concat('key', n), 256)";
const CALL_ID = "concat(left(sha2(concat('call', n), 256), 32), '@192.0.2.77')";
const EPOCH = 1_900_000_000;
/** A text of 200 bytes, and the headers that are kept beside it. */
const BODY = "repeat('x', 200)";
const HEADERS = "concat('Subject: message ', n, '\\r\\nUser-Agent: Example Phone 1.2.3\\r\\n')";

/** What is inserted, with `n` for the number of the row. */
const GENERATED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  silo: {
    src_addr: "concat('sip:user', n % 99991, '@sip.example.org')",
    dst_addr: `concat('sip:', ${AOR})`,
    username: "concat('user', n)",
    domain: "'sip.example.org'",
    inc_time: `${EPOCH} + n`,
    exp_time: `${EPOCH} + n + 259200`,
    ctype: "'text/plain;charset=utf-8'",
    body: BODY,
    extra_hdrs: HEADERS,
    callid: CALL_ID,
    box: AOR,
    dedup: KEY,
    date_time: `${EPOCH} + n`,
    attempts: '1',
    last_status: '480',
  },
  silo_ledger: {
    dedup: KEY,
    box: AOR,
    inc_time: `${EPOCH} + n`,
    end_time: `${EPOCH} + n + 60`,
    outcome: "'delivered'",
    status: '200',
    reason: "'OK'",
  },
  binding: {
    aor: AOR,
    contact_key: KEY,
    contact: "concat('sip:user', n, '@198.51.100.', n % 250, ':', 1024 + n % 60000, ';transport=tcp')",
    expires: `${EPOCH} + n % 3600`,
    instance: "concat('urn:uuid:', uuid())",
    callid: CALL_ID,
    cseq: 'n % 1000',
    source: "concat('tcp:198.51.100.', n % 250, ':', 1024 + n % 60000)",
    server: "'udp/192.0.2.1:5060,tcp/192.0.2.1:5060'",
    user_agent: "'Example Phone 1.2.3'",
    updated: `${EPOCH} + n % 3600`,
  },
  mwi_mailbox: { aor: AOR, seen: `${EPOCH} + n % 3600` },
  mwi_subscription: {
    id: "left(sha2(concat('id', n), 256), 32)",
    mailbox: AOR,
    device: KEY,
    node: "concat('node', n % 4)",
    run: "concat('b2f3c7d0-0000-4000-8000-00000000000', n % 4)",
    callid: CALL_ID,
    local_tag: "left(sha2(concat('tag', n), 256), 16)",
    remote_tag: "left(sha2(concat('from', n), 256), 10)",
    local: `concat('<sip:', ${AOR}, '>')`,
    remote: `concat('"User ', n, '" <sip:', ${AOR}, '>')`,
    target: "concat('sip:user', n, '@198.51.100.', n % 250, ':', 1024 + n % 60000, ';transport=tcp')",
    routes: "''",
    source: "concat('tcp:', 1024 + n % 60000, ':198.51.100.', n % 250)",
    contact: "'<sip:192.0.2.1:5060;transport=tcp>'",
    remote_cseq: 'n % 1000',
    local_cseq: 'n % 1000',
    expires: `${EPOCH} + n % 3600`,
    updated: `${EPOCH} + n % 3600`,
  },
};

/** @param url an empty database */
export async function tableSizes(url: string, rows: number): Promise<readonly TableSize[]> {
  await (await openStore(url)).close();
  const connection = await createConnection(url);
  try {
    const sizes: TableSize[] = [];
    for (const [table, columns] of Object.entries(GENERATED)) {
      await fill(connection, table, columns, rows);
      sizes.push({ table, rows, bytes: await bytesOf(connection, table, rows) });
    }
    return sizes;
  } finally {
    await connection.end();
  }
}

async function fill(
  connection: Connection,
  table: string,
  columns: Readonly<Record<string, string>>,
  rows: number,
): Promise<void> {
  const step = 50_000;
  for (let first = 1; first <= rows; first += step)
    await connection.query(
      `insert into ${table} (${Object.keys(columns).join(', ')})
         select ${Object.values(columns).join(', ')} from
           (select seq as n from seq_${first}_to_${Math.min(rows, first + step - 1)}) numbers`,
    );
}

async function bytesOf(
  connection: Connection,
  table: string,
  rows: number,
): Promise<ReadonlyMap<string, number>> {
  await connection.query(`analyze table ${table}`);
  const [pages] = await connection.query<RowDataPacket[]>(
    `select index_name as name, stat_value as pages from mysql.innodb_index_stats
       where database_name = database() and table_name = ? and stat_name = 'size'`,
    [table],
  );
  return new Map(
    pages.map((row) => [
      row['name'] === 'PRIMARY' ? 'row' : String(row['name']),
      (Number(row['pages']) * PAGE) / rows,
    ]),
  );
}
