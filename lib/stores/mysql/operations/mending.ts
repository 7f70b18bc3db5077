/** What an operator looks at and changes in a box, in MySQL. */
import { domainOf } from '../../shared/quota.ts';
import type { ReadStore } from '../../shared/reads.ts';
import { EXTENTS, laterKinds, placeValues, toBoxedMessage, toEnded, userOf } from '../../shared/rows.ts';
import { int, whole } from '../../shared/values.ts';
import { noteChanges } from '../inside/changes.ts';
import { endRows } from '../inside/end.ts';
import { noteEnded, noteReplayed } from '../inside/usage.ts';
import { inOrder, lock, rewrite } from '../link/locks.ts';
import type { Mysql } from '../link/transactions.ts';
import type { InspectionStore } from '../../contract/inspection.ts';
import type { MendingStore } from '../../contract/mending.ts';

/** Messages of one transaction. */
const SLICE = 500;

export function mysqlMending(
  db: Mysql,
  clock: () => number,
): Omit<InspectionStore, keyof ReadStore> & MendingStore {
  return {
    // Spelled out, as in `waiting`.
    contents: async (box, extent, limit, after) => {
      const [kind, sendTime, id] = placeValues(after);
      const rows = await db.all(
        `select ${EXTENTS[extent]} from silo
           where (box = ? and kind = ? and snd_time = ? and id > ?)
              or (box = ? and kind = ? and snd_time > ?)
              or (box = ? and kind in (?))
           order by kind, snd_time, id limit ${whole(limit)}`,
        [...[box, kind, sendTime, id], ...[box, kind, sendTime], ...[box, laterKinds(kind)]],
      );
      return rows.map(toBoxedMessage);
    },

    requeue: async (box, now) => {
      // What is in back-off, and the first in any case: by the time of a row the nodes find what is due.
      for (;;) {
        const rows = await db.all(
          `select id from silo force index (silo_box_idx)
             where box = ? and snd_time <= ? and (next_time > ? or strikes > 0 or refused_by is not null) limit ${SLICE}`,
          [box, now, now],
        );
        const ids = rows.map((row) => int(row, 'id'));
        await rewriteDue(db, ids, now);
        if (rows.length < SLICE) break;
      }
      const [first] = await db.all(
        'select id from silo where box = ? and snd_time <= ? order by kind, snd_time, id limit 1',
        [box, now],
      );
      if (first) await rewriteDue(db, [int(first, 'id')], now);
      await db.run(
        'update silo_device set attempts = 0, strikes = 0, next_time = 0 where box = ? and next_time > 0',
        [box],
        'repeatable',
      );
      const [counted = {}] = await db.all('select count(*) as n from silo where box = ? and snd_time <= ?', [
        box,
        now,
      ]);
      return int(counted, 'n');
    },

    removeFrom: async (box, ids, end, limit) => {
      const [which, values] = ids === undefined ? ['', []] : [' and id in (?)', [[0, ...ids]]];
      const found = await db.all(
        `select id from silo where box = ?${which} order by kind, snd_time, id limit ${whole(Math.min(limit, SLICE))}`,
        [box, ...values],
      );
      return db.transaction(async (tx) => {
        const rows = await lock(
          tx,
          ['silo', 'id, dedup, box'],
          found.map((row) => int(row, 'id')),
          { where: 'box = ?', values: [box] },
        );
        const ended = rows.map(toEnded);
        await endRows(tx, ended, { ...end, now: clock() });
        return ended;
      }, 'repeatable');
    },

    moveFrom: (box, messages, now) =>
      db.transaction(async (tx) => {
        const rows = await lock(
          tx,
          ['silo', 'id, dedup, box'],
          messages.map(({ id }) => id),
          { where: 'box = ?', values: [box] },
        );
        const there = new Set(rows.map((row) => int(row, 'id')));
        const moved = messages.filter(({ id }) => there.has(id));
        if (moved.length === 0) return [];
        const ids = inOrder(there);
        await noteEnded(tx, ids);
        for (const { id, box: to, dstAddr, dstName, body, headers, seal } of moved)
          await tx.run(
            `update silo force index (primary) set box = ?, username = ?, domain = ?, dst_addr = ?, dst_name = ?, body = ?, extra_hdrs = ?, seal = ?,
               next_time = greatest(snd_time, ?), strikes = 0, last_status = 0, refused_by = null, taken_by = null where id = ?`,
            [to, userOf(to, seal), domainOf(to), dstAddr, dstName, body, headers, seal ?? null, now, id],
          );
        await noteReplayed(
          tx,
          moved.map(({ id, key, box: to }) => ({ id, key, box: to })),
        );
        for (const to of inOrder(moved.map((message) => message.box)))
          await rewrite(
            tx,
            'silo_ledger',
            { set: 'box = ?', values: [to] },
            moved.filter((message) => message.box === to).map(({ key }) => key),
          );
        await noteChanges(tx, inOrder([box, ...moved.map((message) => message.box)]), clock());
        return moved.map(({ id, key, box: to }) => ({ id, key, box: to }));
      }),
  };
}

async function rewriteDue(db: Mysql, ids: readonly number[], now: number): Promise<void> {
  if (ids.length === 0) return;
  await db.transaction(
    (tx) => rewrite(tx, 'silo', { set: 'next_time = ?, strikes = 0, refused_by = null', values: [now] }, ids),
    'repeatable',
  );
}
