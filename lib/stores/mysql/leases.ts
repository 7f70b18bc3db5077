/**
 * Leases in MySQL, by the database's clock: the clocks of the nodes need not agree. Those that are claimed at once, and those that
 * are released at once, share a statement: after a storm of REGISTERs a box is served for one message, and its lease would cost as
 * much as that.
 */
import { inOrder } from './link/locks.ts';
import type { Mysql } from './link/transactions.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import { int, text, whole } from '../shared/values.ts';
import type { Claim, Lease, LeaseStore } from '../contract/leases.ts';

interface Wish {
  readonly box: string;
  readonly owner: string;
  readonly seconds: number;
}

export function mysqlLeases(db: Mysql): LeaseStore {
  const claims = new GroupCommit((wishes: readonly Wish[]) => claimAll(db, wishes));
  const releases = new GroupCommit(async (leases: readonly Lease[]) => {
    await releaseAll(db, leases);
    return leases.map(() => undefined);
  });
  return {
    claim: (box, owner, seconds) => claims.add({ box, owner, seconds }),

    release: (lease) => releases.add(lease),

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
  };
}

/** In the order in which all lock the rows of boxes. */
function sorted<T extends { readonly box: string }>(items: readonly T[]): T[] {
  const place = new Map(inOrder(items.map(({ box }) => box)).map((box, index) => [box, index]));
  return [...items].sort((one, other) => (place.get(one.box) ?? 0) - (place.get(other.box) ?? 0));
}

async function claimAll(db: Mysql, wishes: readonly Wish[]): Promise<Claim[]> {
  const rows = sorted(wishes);
  // Assignments run from left to right: `fence` and `owner` see the old `ends`; then `ends` sees who won.
  // A first fence by the clock stays above every fence that an earlier, deleted row had.
  const row = '(?, ?, unix_timestamp() + ?, floor(unix_timestamp(now(6)) * 1000000))';
  await db.run(
    `insert into silo_lease (box, owner, ends, fence) values ${rows.map(() => row).join(', ')}
       on duplicate key update
         fence = if(ends <= unix_timestamp() or owner = values(owner), greatest(fence + 1, values(fence)), fence),
         owner = if(ends <= unix_timestamp(), values(owner), owner),
         ends = if(owner = values(owner), values(ends), ends)`,
    rows.flatMap(({ box, owner, seconds }) => [box, owner, seconds]),
    'repeatable',
  );
  const found = await db.all(
    `select box, owner, fence, greatest(ends - unix_timestamp(), 0) as held_for
       from silo_lease force index (primary) where box in (?)`,
    [rows.map(({ box }) => box)],
  );
  const held = new Map(found.map((row) => [text(row, 'box'), row]));
  return wishes.map(({ box, owner }) => {
    const row = held.get(box);
    if (!row) return { heldFor: 0 };
    if (text(row, 'owner') !== owner) return { heldFor: int(row, 'held_for') };
    return { lease: { box, owner, fence: int(row, 'fence') } };
  });
}

/** By keys that are a table of their own, as all rows are deleted: a list of keys is no reason for MariaDB not to scan a small table. */
async function releaseAll(db: Mysql, leases: readonly Lease[]): Promise<void> {
  const ordered = sorted(leases);
  await db.run(
    `delete t from (${ordered.map(() => 'select ? as box, ? as owner, ? as fence').join(' union all ')}) k
       straight_join silo_lease t force index (primary) on t.box = k.box
       where t.owner = k.owner and t.fence = k.fence`,
    ordered.flatMap(({ box, owner, fence }) => [box, owner, fence]),
    'repeatable',
  );
}
