/** An SQLite file with many messages in it, made by the database itself. */
import { DatabaseSync } from '@photostructure/sqlite';
import { openStore } from '../../lib/stores/open.ts';

export interface Filling {
  readonly rows: number;
  readonly boxes: number;
  /** Epoch seconds. */
  readonly expTime: number;
}

/** Fills the file; the rows of each filling have boxes, keys and ids of their own. */
export async function fillSqlite(path: string, fillings: readonly Filling[]): Promise<void> {
  await (await openStore(`sqlite:${path}`)).close();
  const database = new DatabaseSync(path);
  try {
    database.exec('pragma synchronous = off');
    for (const [index, filling] of fillings.entries()) database.exec(statementsFor(filling, index));
    database.exec('pragma wal_checkpoint(truncate)');
  } finally {
    database.close();
  }
}

/** Keys are spread over their index at random, as hashes are. */
function statementsFor({ rows, boxes, expTime }: Filling, index: number): string {
  const box = `'user' || (n % ${boxes}) || '-${index}@example.org'`;
  const key = `printf('%08x%032x%024x', n * 2654435761 % 4294967296, n, ${index})`;
  const numbers = `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${rows})`;
  return `begin;
    insert into silo (src_addr, dst_addr, username, domain, inc_time, exp_time, body, callid, box, dedup, size)
      ${numbers} select 'sip:alice@example.org', 'sip:' || ${box}, 'user' || (n % ${boxes}) || '-${index}', 'example.org',
        1000, ${expTime}, cast(printf('%.200c', 'x') as blob), 'call-' || n, ${box}, ${key}, 200 from numbers;
    insert into silo_ledger (dedup, box, inc_time) ${numbers} select ${key}, ${box}, 1000 from numbers;
    commit;`;
}
