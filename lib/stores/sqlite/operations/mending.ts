/** What an operator looks at and changes in a box, in SQLite. */
import { domainOf } from '../../shared/quota.ts';
import { EXTENTS, placeValues, toBoxedMessage, toEnded, userOf } from '../../shared/rows.ts';
import { int } from '../../shared/values.ts';
import { noteChange } from '../inside/changes.ts';
import type { Sqlite } from '../inside/database.ts';
import { endRow } from '../inside/end.ts';
import type { Part } from '../inside/sweeps.ts';
import type { InspectionStore } from '../../contract/inspection.ts';
import type { MendingStore } from '../../contract/mending.ts';

export function sqliteMending(db: Sqlite, clock: () => number): Part<InspectionStore> & Part<MendingStore> {
  return {
    contents: (box, extent, limit, after) =>
      db
        .sql(
          `select ${EXTENTS[extent]} from silo where box = ? and (kind, snd_time, id) > (?, ?, ?)
             order by kind, snd_time, id limit ?`,
        )
        .all(box, ...placeValues(after), limit)
        .map(toBoxedMessage),

    requeue: (box, now) => {
      db.sql(
        `update silo set next_time = ?, strikes = 0, refused_by = null
           where box = ? and snd_time <= ? and (next_time > ? or strikes > 0 or refused_by is not null)`,
      ).run(now, box, now, now);
      // By the time of a row the sweep finds what is due.
      db.sql(
        `update silo set next_time = ? where id =
           (select id from silo where box = ? and snd_time <= ? order by kind, snd_time, id limit 1)`,
      ).run(now, box, now);
      db.sql(
        'update silo_device set attempts = 0, strikes = 0, next_time = 0 where box = ? and next_time > 0',
      ).run(box);
      const [row = {}] = db
        .sql('select count(*) as n from silo where box = ? and snd_time <= ?')
        .all(box, now);
      return int(row, 'n');
    },

    removeFrom: (box, ids, end, limit) => {
      const rows =
        ids === undefined
          ? db
              .sql('select id, dedup, box from silo where box = ? order by kind, snd_time, id limit ?')
              .all(box, limit)
          : ids.flatMap((id) =>
              db.sql('select id, dedup, box from silo where id = ? and box = ?').all(id, box),
            );
      const ended = rows.slice(0, limit).map(toEnded);
      for (const message of ended) endRow(db, message, end, clock());
      return ended;
    },

    moveFrom: (box, messages, now) => {
      const moved = messages.filter(
        ({ id, box: to, dstAddr, dstName, body, headers, seal }) =>
          db
            .sql(
              `update silo set box = ?, username = ?, domain = ?, dst_addr = ?, dst_name = ?, body = ?, extra_hdrs = ?, seal = ?, next_time = max(snd_time, ?),
                 strikes = 0, last_status = 0, refused_by = null, taken_by = null where id = ? and box = ?`,
            )
            .run(
              to,
              userOf(to, seal),
              domainOf(to),
              dstAddr,
              dstName,
              body,
              headers,
              seal ?? null,
              now,
              id,
              box,
            ).changes > 0,
      );
      for (const { key, box: to } of moved)
        db.sql('update silo_ledger set box = ? where dedup = ?').run(to, key);
      for (const name of new Set([box, ...moved.map((message) => message.box)]))
        noteChange(db, name, clock());
      return moved.map(({ id, key, box: to }) => ({ id, key, box: to }));
    },
  };
}
