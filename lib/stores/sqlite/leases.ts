/** Leases in SQLite. */
import type { Sqlite } from './inside/database.ts';
import { int, text } from '../shared/values.ts';
import type { LeaseStore } from '../contract/leases.ts';
import type { Part } from './inside/sweeps.ts';

export function sqliteLeases(db: Sqlite, now: () => number): Part<LeaseStore> {
  let last = 0;
  // By the clock, so that a first fence is above every fence that an earlier, deleted row had.
  const firstFence = () => (last = Math.max(last + 1, Date.now() * 1000));
  return {
    claim: (box, owner, seconds) => {
      const at = now();
      db.sql(
        `insert into silo_lease (box, owner, ends, fence) values (?, ?, ?, ?)
           on conflict (box) do update
             set owner = excluded.owner, ends = excluded.ends, fence = max(silo_lease.fence + 1, excluded.fence)
             where silo_lease.ends <= ? or silo_lease.owner = excluded.owner`,
      ).run(box, owner, at + seconds, firstFence(), at);
      const [row] = db.sql('select owner, ends, fence from silo_lease where box = ?').all(box);
      if (!row) return { heldFor: 0 };
      if (text(row, 'owner') !== owner) return { heldFor: Math.max(0, int(row, 'ends') - at) };
      return { lease: { box, owner, fence: int(row, 'fence') } };
    },

    renew: (owner, seconds) => {
      db.sql('update silo_lease set ends = ? where owner = ?').run(now() + seconds, owner);
    },

    orphans: (owner, limit) =>
      db
        .sql(
          `delete from silo_lease where box in
             (select box from silo_lease where ends <= ? and owner <> ? limit ?) returning box`,
        )
        .all(now(), owner, limit)
        .map((row) => text(row, 'box')),

    release: ({ box, owner, fence }) => {
      db.sql('delete from silo_lease where box = ? and owner = ? and fence = ?').run(box, owner, fence);
    },
  };
}
