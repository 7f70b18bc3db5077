/** Leases in MySQL, by the database's clock: the clocks of the nodes need not agree. */
import type { Mysql } from './link/transactions.ts';
import { int, text, whole } from '../shared/values.ts';
import type { LeaseStore } from '../contract/leases.ts';

export function mysqlLeases(db: Mysql): LeaseStore {
  return {
    claim: async (box, owner, seconds) => {
      // Assignments run from left to right: `fence` and `owner` see the old `ends`; then `ends` sees who won.
      // A first fence by the clock stays above every fence that an earlier, deleted row had.
      await db.run(
        `insert into silo_lease (box, owner, ends, fence)
           values (?, ?, unix_timestamp() + ?, floor(unix_timestamp(now(6)) * 1000000))
           on duplicate key update
             fence = if(ends <= unix_timestamp() or owner = values(owner), greatest(fence + 1, values(fence)), fence),
             owner = if(ends <= unix_timestamp(), values(owner), owner),
             ends = if(owner = values(owner), values(ends), ends)`,
        [box, owner, seconds],
        'repeatable',
      );
      const [row] = await db.all(
        'select owner, fence, greatest(ends - unix_timestamp(), 0) as held_for from silo_lease where box = ?',
        [box],
      );
      if (!row) return { heldFor: 0 };
      if (text(row, 'owner') !== owner) return { heldFor: int(row, 'held_for') };
      return { lease: { box, owner, fence: int(row, 'fence') } };
    },

    renew: async (owner, seconds) => {
      await db.run(
        'update silo_lease set ends = unix_timestamp() + ? where owner = ?',
        [seconds, owner],
        'repeatable',
      );
    },

    orphans: (owner, limit) =>
      db.transaction(async (tx) => {
        const rows = await tx.all(
          `select box from silo_lease where ends <= unix_timestamp() and owner <> ?
             limit ${whole(limit)} for update skip locked`,
          [owner],
        );
        const boxes = rows.map((row) => text(row, 'box'));
        if (boxes.length > 0)
          await tx.run(
            'delete from silo_lease where box in (?) and ends <= unix_timestamp() and owner <> ?',
            [boxes, owner],
          );
        return boxes;
      }),

    release: async ({ box, owner, fence }) => {
      await db.run(
        'delete from silo_lease where box = ? and owner = ? and fence = ?',
        [box, owner, fence],
        'repeatable',
      );
    },
  };
}
