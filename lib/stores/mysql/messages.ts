/** Messages in MySQL. */
import type { ReadStore } from '../shared/reads.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import { acceptBatch } from './accept.ts';
import { adopt } from './adopt.ts';
import type { Accepting } from './quota.ts';
import { forgetTurns } from './turns.ts';
import { endRows } from './inside/end.ts';
import { settleAll, type Settle } from './settle.ts';
import { acceptAll } from './accept-all.ts';
import type { Mysql } from './link/transactions.ts';
import { noteChanges } from './inside/changes.ts';
import { shareLong } from './link/share-long.ts';
import { endVanished } from './deleted-rows.ts';
import { inOrder, lock } from './link/locks.ts';
import { deleteInSlices, endInSlices } from './link/slices.ts';
import { DomainUsage } from '../shared/domain-usage.ts';
import { SenderUsage } from '../shared/sender-usage.ts';
import {
  MESSAGE_COLUMNS,
  OVERDUE_REASON,
  laterKinds,
  placeValues,
  toDue,
  toEnded,
  toLedger,
  toMessage,
  toOverdue,
} from '../shared/rows.ts';
import { int, whole } from '../shared/values.ts';
import type { MessageStore } from '../contract/messages.ts';
import type { Accepted } from '../contract/accept.ts';

export function mysqlMessages(db: Mysql, clock: () => number): Omit<MessageStore, keyof ReadStore> {
  const domains = { all: new DomainUsage(), senders: new SenderUsage() };
  const accepts = new GroupCommit<Accepting, Accepted>((items) => acceptBatch(db, domains, items, clock()));
  const settles = new GroupCommit<Settle, boolean>((items) => settleAll(db, items, clock()));
  return {
    accept: (message, rules) => accepts.add({ message, rules }),
    acceptAll: (messages) => acceptAll(db, messages, clock()),

    adopt: (adoptions) => adopt(db, adoptions, clock()),

    // Spelled out as well: a page of 1,000 from the middle of 50,000 that are due takes 17 ms, by a comparison of rows 190 ms.
    due: async (now, after, limit) =>
      (
        await db.all(
          `select id, box, next_time from silo
             where next_time between greatest(1, ?) and ? and (next_time > ? or id > ?) and box is not null
             order by next_time, id limit ${whole(limit)}`,
          [after?.nextTime ?? 0, now, after?.nextTime ?? 0, after?.id ?? 0],
        )
      ).map(toDue),

    park: async (box, now, until) => {
      const due = await db.all('select id from silo where box = ? and next_time > 0 and next_time <= ?', [
        box,
        now,
      ]);
      if (due.length === 0) return;
      const changed = await db.run(
        `update silo force index (primary) set next_time = ?
           where id in (?) and next_time > 0 and next_time <= ?`,
        [until, inOrder(due.map((row) => int(row, 'id'))), now],
      );
      // A reminder whose time has come counts from now on.
      if (changed > 0) await noteChanges(db, [box], clock());
    },

    waiting: async (box, now, limit, { after, device = '' } = {}) => {
      const [kind, sendTime, id] = placeValues(after);
      // Spelled out: MySQL makes no range of a comparison of rows, and of an `or` only when each part is one. A page from
      // the middle of a box of 100,000: 1.3 ms, with `(kind, snd_time, id) > (?, ?, ?)` 400 ms (MariaDB 10.11).
      const rows = await db.all(
        `select ${MESSAGE_COLUMNS} from silo
           where ((box = ? and kind = ? and snd_time = ? and id > ?)
               or (box = ? and kind = ? and snd_time > ? and snd_time <= ?)
               or (box = ? and kind in (?) and snd_time <= ?))
             and exp_time > ? ${device === '' ? '' : NOT_DONE} order by kind, snd_time, id limit ${whole(limit)}`,
        [
          ...[box, kind, sendTime, id],
          ...[box, kind, sendTime, now],
          ...[box, laterKinds(kind), now],
          now,
          ...(device === '' ? [] : [device, device]),
        ],
      );
      return rows.map(toMessage);
    },

    ledger: shareLong(async () =>
      toLedger(await db.all('select outcome, count(*) as n from silo_ledger group by outcome')),
    ),

    settle: (lease, message, end) => settles.add({ lease, message, end }),

    defer: async (lease, id, { nextTime, status, strike, refusedBy, since }) =>
      (await db.run(
        // The lease first, as everywhere.
        `update silo_lease l straight_join silo s on l.box = s.box and l.owner = ? and l.fence = ?
           set s.next_time = ?, s.last_status = ?, s.attempts = s.attempts + 1, s.strikes = s.strikes + ?,
             s.refused_by = if(? = '', s.refused_by, concat_ws('\n', s.refused_by, ?))
           where s.id = ? and s.box = ?${since === undefined ? '' : ' and s.next_time in (0, ?)'}`,
        [
          lease.owner,
          lease.fence,
          nextTime,
          status,
          strike ? 1 : 0,
          refusedBy ?? '',
          refusedBy ?? '',
          id,
          lease.box,
          ...(since === undefined ? [] : [since]),
        ],
      )) > 0,

    settleByKey: (key, end) =>
      db.transaction(async (tx) => {
        const found = await tx.all('select id from silo where dedup = ?', [key]);
        const rows = await lock(
          tx,
          ['silo', 'id, dedup, box'],
          found.map((row) => int(row, 'id')),
        );
        const ended = rows.map(toEnded);
        await endRows(tx, ended, { ...end, now: clock() });
        return ended[0];
      }, 'repeatable'),

    expire: async (now, limit) => {
      const over = {
        table: 'silo',
        columns: MESSAGE_COLUMNS,
        where: `exp_time <= ? and box is not null
          and not exists (select 1 from silo_lease l where l.box = silo.box and l.ends > unix_timestamp())`,
        values: [now],
        order: 'exp_time',
      } as const;
      const rows = await endInSlices(db, over, limit, async (tx, some) => {
        const overdue = some.map(toOverdue);
        for (const outcome of ['expired', 'delivered'] as const) {
          const messages = overdue.filter((one) => one.outcome === outcome).map(({ message }) => message);
          await endRows(tx, messages, { outcome, status: 0, reason: OVERDUE_REASON[outcome], now });
        }
      });
      return rows.map(toOverdue);
    },

    endVanished: (after, limit) => endVanished(db, after, limit, clock()),

    forgetTurns: (before, limit) => forgetTurns(db, before, limit),

    forget: (before, limit) =>
      deleteInSlices(
        db,
        { table: 'silo_ledger', where: 'end_time > 0 and end_time < ?', values: [before] },
        limit,
      ),
  };
}

/** The device has not taken or refused it: both are lists, one a line. */
const NOT_DONE = ['taken_by', 'refused_by']
  .map(
    (list) => `and (${list} is null or locate(concat('\\n', ?, '\\n'), concat('\\n', ${list}, '\\n')) = 0)`,
  )
  .join(' ');
