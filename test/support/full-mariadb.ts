/** A MariaDB database with many messages in it, made by the server itself. */
import { createConnection } from 'mysql2/promise';
import { openStore } from '../../lib/stores/open.ts';
import type { Filling } from './full-sqlite.ts';

/** Rows of one statement. */
const STEP = 50_000;

/** Fills the database; the rows of each filling have boxes, keys and ids of their own. */
export async function fillMariaDb(url: string, fillings: readonly Filling[]): Promise<void> {
  await (await openStore(url)).close();
  const connection = await createConnection(url);
  try {
    for (const [index, filling] of fillings.entries())
      for (let first = 1; first <= filling.rows; first += STEP)
        for (const statement of statementsFor(filling, index, first)) await connection.query(statement);
    await connection.query('analyze table silo, silo_ledger');
  } finally {
    await connection.end();
  }
}

/** Keys are spread over their index at random, as hashes are. */
function statementsFor({ rows, boxes, expTime }: Filling, index: number, first: number): readonly string[] {
  const user = `concat('user', seq % ${boxes}, '-${index}')`;
  const box = `concat(${user}, '@example.org')`;
  const key = `sha2(concat('${index} ', seq), 256)`;
  const numbers = `seq_${first}_to_${Math.min(rows, first + STEP - 1)}`;
  return [
    `insert into silo (src_addr, dst_addr, username, domain, inc_time, exp_time, body, callid, box, dedup, size)
       select 'sip:alice@example.org', concat('sip:', ${box}), ${user}, 'example.org', 1000, ${expTime}, repeat('x', 200),
         concat('call-', seq), ${box}, ${key}, 200 from ${numbers}`,
    `insert into silo_ledger (dedup, box, inc_time) select ${key}, ${box}, 1000 from ${numbers}`,
  ];
}
