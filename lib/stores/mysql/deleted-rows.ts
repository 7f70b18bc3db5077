/** Messages whose row another program has deleted, in MySQL: the ledger must not say for ever that they wait. */
import type { Mysql } from './link/transactions.ts';
import { noteChanges } from './inside/changes.ts';
import { lock, rewrite } from './link/locks.ts';
import { text, whole } from '../shared/values.ts';
import { VANISHED, type Vanished } from '../contract/message.ts';

/**
 * A page of the ledger is compared with the silo in one statement, and with that at one point in time: what is accepted
 * meanwhile has both of its rows or none. What is missing there is looked at again under locks before it is ended, since
 * a dead letter may just be put back.
 */
export async function endVanished(db: Mysql, after: string, limit: number, now: number): Promise<Vanished> {
  const [page] = await db.all(
    `select count(*) as n, coalesce(max(dedup), '') as last from (
       select dedup from silo_ledger where outcome = '' and dedup > ? order by dedup limit ${whole(limit)}) page`,
    [after],
  );
  const last = text(page ?? {}, 'last');
  const next = Number(page?.['n']) < limit ? '' : last;
  if (last === '') return { ended: [], after: next };
  const suspects = await db.all(
    `select l.dedup from silo_ledger l left join silo s on s.dedup = l.dedup
       where l.outcome = '' and l.dedup > ? and l.dedup <= ? and s.dedup is null`,
    [after, last],
  );
  if (suspects.length === 0) return { ended: [], after: next };
  const ended = await db.transaction(async (tx) => {
    const keys = suspects.map((row) => text(row, 'dedup'));
    const waiting = await lock(tx, ['silo_ledger', 'dedup, box'], keys, { where: "outcome = ''" });
    // Whoever puts one back writes its ledger, too, and with that waits for us or is done.
    const there = await tx.all('select dedup from silo where dedup in (?)', [keys]);
    const present = new Set(there.map((row) => text(row, 'dedup')));
    const gone = waiting
      .map((row) => ({ key: text(row, 'dedup'), box: text(row, 'box') }))
      .filter(({ key }) => !present.has(key));
    if (gone.length === 0) return [];
    const { outcome, status, reason } = VANISHED;
    await rewrite(
      tx,
      'silo_ledger',
      {
        set: 'outcome = ?, status = ?, reason = ?, end_time = ?',
        values: [outcome, status, reason, now],
      },
      gone.map(({ key }) => key),
    );
    await noteChanges(tx, [...new Set(gone.map(({ box }) => box))], now);
    return gone;
  });
  return { ended, after: next };
}
