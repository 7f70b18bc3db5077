/** What is counted of boxes, in MySQL. */
import { domainOf } from '../../shared/quota.ts';
import { COUNTED, HEAD_COLUMNS, recount, toBoxHead, toBoxRow, toHeldBox } from '../../shared/box-rows.ts';
import type { ReadStore } from '../../shared/reads.ts';
import { whole } from '../../shared/values.ts';
import { inOrder, remove } from '../link/locks.ts';
import type { Queries } from '../link/transaction.ts';
import type { Mysql } from '../link/transactions.ts';
import type { BoxRow, BoxStore } from '../../contract/boxes.ts';

/** Whoever counts has the turn until the end of his transaction: the sums are those of what was counted, on all nodes together. */
const TURN =
  "insert into silo_box_total (domain, boxes, messages, turn) values ('', 0, 0, 1) on duplicate key update turn = turn + 1";

export function mysqlBoxes(db: Mysql): Omit<BoxStore, keyof ReadStore> {
  return {
    countBoxes: async (boxes) => {
      // Most have not changed since: nothing is locked or written for them.
      const looked = await look(db, inOrder(boxes));
      const { put, drop } = recount(looked.before, looked.now);
      const changed = new Set([...put.map(({ box }) => box), ...drop]);
      if (changed.size === 0) return looked.now;
      const counted = await db.transaction((tx) => count(tx, inOrder(changed)), 'repeatable');
      return [...looked.now.filter(({ box }) => !changed.has(box)), ...counted];
    },

    allCounted: async (now) => {
      await db.run(
        `insert into silo_box_total (domain, boxes, messages, turn, counted) values ('', 0, 0, 1, ?)
           on duplicate key update counted = values(counted)`,
        [now],
        'repeatable',
      );
    },

    boxHeads: async (ids) =>
      ids.length === 0
        ? []
        : (await db.all(`select ${HEAD_COLUMNS} from silo where id in (?)`, [inOrder(ids)])).map(toBoxHead),

    heldBoxes: async (boxes) =>
      boxes.length === 0
        ? []
        : (
            await db.all(
              'select box, owner, ends from silo_lease force index (primary) where box in (?) and ends > unix_timestamp()',
              [inOrder(boxes)],
            )
          ).map(toHeldBox),

    heldBy: async (owner, limit) =>
      (
        await db.all(
          `select box, owner, ends from silo_lease where owner = ? and ends > unix_timestamp()
             order by box limit ${whole(limit)}`,
          [owner],
        )
      ).map(toHeldBox),
  };
}

/** What was counted of these boxes, and what a count says now. */
async function look(
  db: Queries,
  boxes: readonly string[],
): Promise<{ readonly before: readonly BoxRow[]; readonly now: readonly BoxRow[] }> {
  if (boxes.length === 0) return { before: [], now: [] };
  const before = await db.all(
    'select box, messages, first_id from silo_box force index (primary) where box in (?)',
    [boxes],
  );
  const now = await db.all(
    `select ${COUNTED} from silo force index (silo_box_idx) where box in (?) group by box`,
    [boxes],
  );
  return { before: before.map(toBoxRow), now: now.map(toBoxRow) };
}

async function count(tx: Queries, boxes: readonly string[]): Promise<readonly BoxRow[]> {
  await tx.run(TURN);
  const { before, now } = await look(tx, boxes);
  const { put, drop, totals } = recount(before, now);
  if (put.length > 0)
    await tx.run(
      `insert into silo_box (box, domain, messages, first_id) values ?
         on duplicate key update messages = values(messages), first_id = values(first_id)`,
      [put.map(({ box, messages, firstId }) => [box, domainOf(box), messages, firstId])],
    );
  await remove(tx, 'silo_box', drop);
  if (totals.length > 0)
    await tx.run(
      `insert into silo_box_total (domain, boxes, messages) values ?
         on duplicate key update boxes = boxes + values(boxes), messages = messages + values(messages)`,
      [totals.map(({ domain, boxes: more, messages }) => [domain, more, messages])],
    );
  if (drop.length > 0)
    await tx.run("delete from silo_box_total where domain in (?) and domain <> '' and boxes <= 0", [
      inOrder(drop.map(domainOf)),
    ]);
  return now;
}
