/**
 * What waits in domains that have a limit, in MySQL, without counting it for each message. Whoever adds messages or ends
 * them notes that in the same transaction, as a row of its own, so that nobody waits; the sum of all is what waits.
 * What other programs do is not noted: while messages come for a domain its rows are counted again every few seconds,
 * aside, and the difference is added.
 */
import { textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import { inOrder, remove } from '../link/locks.ts';
import type { Queries } from '../link/transaction.ts';
import type { Mysql } from '../link/transactions.ts';
import { isNear } from '../../shared/domain-usage.ts';
import { domainOf, type Limit, type Usage } from '../../shared/quota.ts';
import { int, text, type Row } from '../../shared/values.ts';
import type { Ended, NewMessage } from '../../contract/message.ts';
import { sizeOf } from '../../shared/rows.ts';

const log = logger('store:mysql');
/** Seconds between two counts of a domain. */
const COUNT_AGAIN = 10;
/** A count so many seconds old is made anew before a message is refused for it: none came for a while. */
const OLD = 20;
/** Seconds after which whoever counts has died. */
const COUNTING = 60;
/** Changes that are summed up at a time, and from how many on. */
export const SUMMED = 1000;
const MANY = 300;

const SINCE = `select coalesce(sum(c.messages), 0) as messages, coalesce(sum(c.bytes), 0) as bytes, count(*) as changes
  from silo_usage_change c where c.domain = ?`;

/** How a domain stands; who asks has its turn. What should be done about it is done by {@link tendUsage}, later. */
export interface DomainState {
  readonly usage: Usage;
  readonly stale: boolean;
  readonly many: boolean;
}

/** Inside a transaction. In one statement, so that base and changes are of the same moment. */
export async function domainState(tx: Queries, limit: Limit): Promise<DomainState> {
  const domain = limit.name;
  const look = () =>
    tx.all(
      `select u.messages + s.messages as messages, u.bytes + s.bytes as bytes, s.changes,
         u.counted <= unix_timestamp() - ${COUNT_AGAIN} as stale, u.counted <= unix_timestamp() - ${OLD} as old
         from silo_usage u join (${SINCE}) s where u.domain = ?`,
      [domain, domain],
    );
  let [row] = await look();
  if (!row) {
    await tx.run(
      `insert into silo_usage (domain, messages, bytes, counted)
         select ?, w.messages - s.messages, w.bytes - s.bytes, unix_timestamp()
           from (${COUNT}) w join (${SINCE}) s`,
      [domain, domain, domain],
    );
    [row = {}] = await look();
  }
  if (int(row, 'old') !== 0 && isNear(limit, usageOf(row))) {
    await countAgain(tx, domain);
    [row = {}] = await look();
  }
  return { usage: usageOf(row), stale: int(row, 'stale') !== 0, many: int(row, 'changes') > MANY };
}

function usageOf(row: Row): Usage {
  return { messages: int(row, 'messages'), bytes: int(row, 'bytes') };
}

const COUNT = `select count(*) as messages, coalesce(sum(size), 0) as bytes from silo where domain = ?`;

/** Inside the transaction that inserts them. Nothing is noted for a domain without a limit. */
export async function noteAccepted(tx: Queries, messages: readonly NewMessage[]): Promise<void> {
  const sums = new Map<string, Usage>();
  for (const message of messages) {
    const domain = domainOf(message.box);
    const sum = sums.get(domain) ?? { messages: 0, bytes: 0 };
    sums.set(domain, { messages: sum.messages + 1, bytes: sum.bytes + sizeOf(message) });
  }
  const added = [...sums].map(([domain, sum]) => [domain, sum.messages, sum.bytes]);
  await tx.run(
    `insert into silo_usage_change (domain, messages, bytes)
       select u.domain, a.messages, a.bytes
         from (${added.map(() => 'select ? as domain, ? as messages, ? as bytes').join(' union all ')}) a
         join silo_usage u on u.domain = a.domain`,
    added.flat(),
  );
}

/** Inside the transaction that deletes these rows, before it does. */
export function noteEnded(tx: Queries, ids: readonly number[]): Promise<void> {
  return noteRows(tx, ids, '-');
}

/** Inside the transaction that has put these rows back. */
export function noteReplayed(tx: Queries, rows: readonly Ended[]): Promise<void> {
  return noteRows(
    tx,
    rows.map(({ id }) => id),
    '+',
  );
}

async function noteRows(tx: Queries, ids: readonly number[], sign: '+' | '-'): Promise<void> {
  await tx.run(
    `insert into silo_usage_change (domain, messages, bytes)
       select u.domain, ${sign}count(*), ${sign}sum(s.size)
         from silo s join silo_usage u on u.domain = substring_index(s.box, '@', -1)
         where s.id in (?) group by u.domain`,
    [ids],
  );
}

/** After a transaction that has looked at the state of a domain; nobody waits for it. */
export async function tendUsage(db: Mysql, domain: string, { stale, many }: DomainState): Promise<void> {
  try {
    if (many) await sumUp(db);
    if (stale) await countAgain(db, domain);
  } catch (error) {
    log.debug(`what waits in ${domain} could not be counted again: ${textOf(error)}`);
  }
}

/** Adds the oldest changes to what they change, and forgets them; returns how many there were. */
export function sumUp(db: Mysql): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.all(
      `select id, domain, messages, bytes from silo_usage_change order by id limit ${SUMMED} for update skip locked`,
    );
    const sums = new Map<string, Usage>();
    for (const row of rows) {
      const sum = sums.get(text(row, 'domain')) ?? { messages: 0, bytes: 0 };
      sums.set(text(row, 'domain'), {
        messages: sum.messages + int(row, 'messages'),
        bytes: sum.bytes + int(row, 'bytes'),
      });
    }
    if (rows.length > 0)
      await remove(
        tx,
        'silo_usage_change',
        rows.map((row) => int(row, 'id')),
      );
    // In one order, so that none waits in a ring.
    for (const domain of inOrder(sums.keys()))
      await tx.run('update silo_usage set messages = messages + ?, bytes = bytes + ? where domain = ?', [
        sums.get(domain)?.messages ?? 0,
        sums.get(domain)?.bytes ?? 0,
        domain,
      ]);
    return rows.length;
  });
}

/** One node at a time. What is added to a sum while it counts is in neither of the two, or in both: the difference stays. */
async function countAgain(db: Queries, domain: string): Promise<void> {
  const ours = await db.run(
    `update silo_usage set counted = unix_timestamp() + ${COUNTING}
       where domain = ? and counted <= unix_timestamp() - ${COUNT_AGAIN}`,
    [domain],
  );
  if (ours === 0) return;
  const [row = {}] = await db.all(
    `select w.messages - u.messages - s.messages as messages, w.bytes - u.bytes - s.bytes as bytes
       from silo_usage u join (${COUNT}) w join (${SINCE}) s where u.domain = ?`,
    [domain, domain, domain],
  );
  await db.run(
    `update silo_usage set messages = messages + ?, bytes = bytes + ?, counted = unix_timestamp()
       where domain = ? and counted > unix_timestamp()`,
    [int(row, 'messages'), int(row, 'bytes'), domain],
  );
}
