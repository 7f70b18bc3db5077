/** Messages in MySQL. */
import type { ReadStore } from '../shared/reads.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import { acceptBatch, remember } from './accept.ts';
import type { Accepting } from './quota.ts';
import { endRows } from './end.ts';
import { acceptAll } from './accept-all.ts';
import type { Mysql, Queries } from './link/transactions.ts';
import { noteChanges } from './changes.ts';
import { endVanished } from './deleted-rows.ts';
import { DomainUsage } from '../shared/domain-usage.ts';
import { GAVE_WAY } from '../shared/quota.ts';
import {
  MESSAGE_COLUMNS,
  OVERDUE_REASON,
  laterKinds,
  placeValues,
  toDue,
  toEnded,
  toMessage,
  toOverdue,
} from '../shared/rows.ts';
import { int, text, whole } from '../shared/values.ts';
import type { End, Ended } from '../contract/message.ts';
import type { MessageStore } from '../contract/messages.ts';
import type { Accepted } from '../contract/accept.ts';
import type { Lease } from '../contract/leases.ts';

export function mysqlMessages(db: Mysql, clock: () => number): Omit<MessageStore, keyof ReadStore> {
  const domains = new DomainUsage();
  const accepts = new GroupCommit<Accepting, Accepted>((items) => acceptBatch(db, domains, items, clock()));
  const settles = new GroupCommit<Settle, boolean>((items) =>
    db.transaction((tx, uncertain) => settleBatch(tx, items, clock(), uncertain), 'repeatable'),
  );
  return {
    accept: (message, rules) => accepts.add({ message, rules }),
    acceptAll: (messages) => acceptAll(db, messages, clock()),

    adopt: (adoptions) =>
      db.transaction(async (tx) => {
        for (const { id, key, box, incTime, expTime } of adoptions) {
          const changed = await tx.run(
            `update silo set box = ?, dedup = ?, inc_time = ?, exp_time = ?, next_time = snd_time,
               size = coalesce(length(body), 0) + coalesce(length(extra_hdrs), 0) where id = ? and box is null`,
            [box, key, incTime, expTime, id],
          );
          if (changed === 0) continue;
          await remember(tx, [{ key, box, incTime }]);
          await noteChanges(tx, [box], clock());
        }
      }, 'repeatable'),

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
      const changed = await db.run(
        'update silo set next_time = ? where box = ? and next_time > 0 and next_time <= ?',
        [until, box, now],
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

    settle: (lease, message, end) => settles.add({ lease, message, end }),

    defer: async (lease, id, { nextTime, status, strike, refusedBy }) =>
      (await db.run(
        `update silo s join silo_lease l on l.box = s.box and l.owner = ? and l.fence = ?
           set s.next_time = ?, s.last_status = ?, s.attempts = s.attempts + 1, s.strikes = s.strikes + ?,
             s.refused_by = if(? = '', s.refused_by, concat_ws('\n', s.refused_by, ?))
           where s.id = ? and s.box = ?`,
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
        ],
      )) > 0,

    settleByKey: (key, end) =>
      db.transaction(async (tx) => {
        const rows = await tx.all('select id, dedup, box from silo where dedup = ? for update', [key]);
        const ended = rows.map(toEnded);
        await endRows(tx, ended, end, clock());
        return ended[0];
      }, 'repeatable'),

    expire: (now, limit) =>
      db.transaction(async (tx) => {
        const rows = await tx.all(
          `select ${MESSAGE_COLUMNS} from silo where exp_time <= ? and box is not null
             and not exists (select 1 from silo_lease l where l.box = silo.box and l.ends > unix_timestamp())
             order by exp_time limit ${whole(limit)} for update skip locked`,
          [now],
        );
        const overdue = rows.map(toOverdue);
        for (const outcome of ['expired', 'delivered'] as const) {
          const messages = overdue.filter((one) => one.outcome === outcome).map(({ message }) => message);
          await endRows(tx, messages, { outcome, status: 0, reason: OVERDUE_REASON[outcome] }, now);
        }
        return overdue;
      }),

    endVanished: (after, limit) => endVanished(db, after, limit, clock()),

    forget: (before, limit) =>
      db.run(`delete from silo_ledger where end_time > 0 and end_time < ? limit ${whole(limit)}`, [before]),
  };
}

/** The device has not taken or refused it: both are lists, one a line. */
const NOT_DONE = ['taken_by', 'refused_by']
  .map(
    (list) => `and (${list} is null or locate(concat('\\n', ?, '\\n'), concat('\\n', ${list}, '\\n')) = 0)`,
  )
  .join(' ');

interface Settle {
  readonly lease: Lease;
  readonly message: Ended;
  readonly end: End;
}

async function settleBatch(
  tx: Queries,
  items: readonly Settle[],
  now: number,
  uncertain: boolean,
): Promise<boolean[]> {
  const leases = await tx.all('select box, owner, fence from silo_lease where box in (?) for update', [
    [...new Set(items.map((item) => item.lease.box))],
  ]);
  const held = new Set(
    leases.map((row) =>
      nameOf({ box: text(row, 'box'), owner: text(row, 'owner'), fence: int(row, 'fence') }),
    ),
  );
  const rows = await tx.all('select id from silo where id in (?) for update', [
    items.map((item) => item.message.id),
  ]);
  const present = new Set(rows.map((row) => int(row, 'id')));

  const valid = items.map(({ lease, message }) => held.has(nameOf(lease)) && present.delete(message.id));
  const groups = new Map<string, { end: End; messages: Ended[] }>();
  items.forEach(({ end, message }, index) => {
    if (!valid[index]) return;
    const name = JSON.stringify([end.outcome, end.status, end.reason]);
    const group = groups.get(name) ?? { end, messages: [] };
    group.messages.push(message);
    groups.set(name, group);
  });
  for (const { end, messages } of groups.values()) await endRows(tx, messages, end, now);
  for (const [index, { lease, message, end }] of items.entries())
    if (!valid[index] && held.has(nameOf(lease))) valid[index] = await correct(tx, message, end, now);
  return uncertain ? settledBefore(tx, items, held, valid) : valid;
}

/** It gave way while a device took it. */
async function correct(
  tx: Queries,
  { key }: Ended,
  { outcome, status, reason }: End,
  now: number,
): Promise<boolean> {
  if (outcome !== 'delivered') return false;
  const changed = await tx.run(
    `update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ?
       where dedup = ? and outcome = 'erased' and reason in (?)`,
    [outcome, status, reason.slice(0, 255), now, key, GAVE_WAY],
  );
  return changed > 0;
}

/** Our own commit may have ended those that are gone: then the ledger says what we wanted to write. */
async function settledBefore(
  tx: Queries,
  items: readonly Settle[],
  held: ReadonlySet<string>,
  valid: readonly boolean[],
): Promise<boolean[]> {
  const rows = await tx.all('select dedup, outcome, status from silo_ledger where dedup in (?)', [
    items.map((item) => item.message.key),
  ]);
  const ends = new Set(
    rows.map((row) => JSON.stringify([text(row, 'dedup'), text(row, 'outcome'), int(row, 'status')])),
  );
  return items.map(
    ({ lease, message, end }, index) =>
      valid[index] === true ||
      (held.has(nameOf(lease)) && ends.has(JSON.stringify([message.key, end.outcome, end.status]))),
  );
}

function nameOf({ box, owner, fence }: Lease): string {
  return JSON.stringify([box, owner, fence]);
}
