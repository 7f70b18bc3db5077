/** What is counted of boxes, in SQLite. */
import { domainOf } from '../../shared/quota.ts';
import { COUNTED, HEAD_COLUMNS, recount, toBoxHead, toBoxRow, toHeldBox } from '../../shared/box-rows.ts';
import type { Sqlite } from '../inside/database.ts';
import type { Part } from '../inside/sweeps.ts';
import type { BoxRow, BoxStore } from '../../contract/boxes.ts';

export function sqliteBoxes(db: Sqlite, clock: () => number): Part<BoxStore> {
  return {
    countBoxes: (boxes) => count(db, boxes),

    allCounted: (now) => {
      db.sql(
        `insert into silo_box_total (domain, boxes, messages, counted) values ('', 0, 0, ?)
           on conflict (domain) do update set counted = excluded.counted`,
      ).run(now);
    },

    boxHeads: (ids) =>
      ids.flatMap((id) => db.sql(`select ${HEAD_COLUMNS} from silo where id = ?`).all(id).map(toBoxHead)),

    heldBoxes: (boxes) =>
      boxes.flatMap((box) =>
        db
          .sql('select box, owner, ends from silo_lease where box = ? and ends > ?')
          .all(box, clock())
          .map(toHeldBox),
      ),

    heldBy: (owner, limit) =>
      db
        .sql('select box, owner, ends from silo_lease where owner = ? and ends > ? order by box limit ?')
        .all(owner, clock(), limit)
        .map(toHeldBox),
  };
}

/** Inside a transaction. */
function count(db: Sqlite, boxes: readonly string[]): readonly BoxRow[] {
  const before = boxes.flatMap((box) =>
    db.sql('select box, messages, first_id from silo_box where box = ?').all(box).map(toBoxRow),
  );
  const now = boxes.flatMap((box) =>
    db.sql(`select ${COUNTED} from silo where box = ? group by box`).all(box).map(toBoxRow),
  );
  const { put, drop, totals } = recount(before, now);
  for (const { box, messages, firstId } of put)
    db.sql(
      `insert into silo_box (box, domain, messages, first_id) values (?, ?, ?, ?)
         on conflict (box) do update set messages = excluded.messages, first_id = excluded.first_id`,
    ).run(box, domainOf(box), messages, firstId);
  for (const box of drop) db.sql('delete from silo_box where box = ?').run(box);
  for (const { domain, boxes: more, messages } of totals) {
    db.sql(
      `insert into silo_box_total (domain, boxes, messages) values (?, ?, ?)
         on conflict (domain) do update set boxes = boxes + excluded.boxes, messages = messages + excluded.messages`,
    ).run(domain, more, messages);
    db.sql("delete from silo_box_total where domain = ? and domain <> '' and boxes <= 0").run(domain);
  }
  return now;
}
