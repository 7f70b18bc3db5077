/** Rows of another program become messages, in MySQL: so many in each transaction, in a few statements. */
import { remember } from './accept.ts';
import { noteChanges } from './inside/changes.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { lock } from './link/locks.ts';
import { int } from '../shared/values.ts';
import type { Adoption } from '../contract/message.ts';

/** Their locks are held for some milliseconds; the other program may want to delete the rows. */
const SLICE = 100;

export async function adopt(db: Mysql, adoptions: readonly Adoption[], now: number): Promise<void> {
  for (let first = 0; first < adoptions.length; first += SLICE) {
    const slice = adoptions.slice(first, first + SLICE);
    await db.transaction((tx) => adoptSlice(tx, slice, now), 'repeatable');
  }
}

async function adoptSlice(tx: Queries, adoptions: readonly Adoption[], now: number): Promise<void> {
  const rows = await lock(
    tx,
    ['silo', 'id'],
    adoptions.map(({ id }) => id),
    { where: 'box is null' },
  );
  const left = new Set(rows.map((row) => int(row, 'id')));
  const ours = adoptions.filter(({ id }) => left.delete(id));
  if (ours.length === 0) return;
  // In this order of tables, so that no row but those is looked at.
  await tx.run(
    `update (${ours.map(() => 'select ? as id, ? as box, ? as dedup, ? as inc_time, ? as exp_time').join(' union all ')}) a
       straight_join silo s force index (primary) on s.id = a.id
       set s.box = a.box, s.dedup = a.dedup, s.inc_time = a.inc_time, s.exp_time = a.exp_time, s.next_time = s.snd_time,
         s.size = coalesce(length(s.body), 0) + coalesce(length(s.extra_hdrs), 0)`,
    ours.flatMap(({ id, box, key, incTime, expTime }) => [id, box, key, incTime, expTime]),
  );
  await remember(tx, ours);
  await noteChanges(tx, [...new Set(ours.map(({ box }) => box))], now);
}
