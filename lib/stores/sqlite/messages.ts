/** Messages in SQLite. */
import { GAVE_WAY } from '../shared/quota.ts';
import { MESSAGE_COLUMNS, placeValues, toDue, toEnded, toLedger, toMessage } from '../shared/rows.ts';
import { SenderUsage } from '../shared/sender-usage.ts';
import { accept, remember } from './accept.ts';
import { HELD, endRow, isHeld } from './inside/end.ts';
import { acceptAll } from './accept-all.ts';
import { noteChange } from './inside/changes.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';
import type { End, Ended } from '../contract/message.ts';
import type { MessageStore } from '../contract/messages.ts';

export function sqliteMessages(db: Sqlite, clock: () => number): Part<MessageStore> {
  const senders = new SenderUsage();
  return {
    accept: (message, rules) => accept({ db, now: clock(), senders }, message, rules),
    acceptAll: (messages) => acceptAll(db, messages, clock()),

    // Triggers count.
    ledger: () => toLedger(db.sql('select outcome, n from silo_outcome').all()),

    adopt: (adoptions) => {
      for (const { id, key, box, incTime, expTime } of adoptions) {
        const { changes } = db
          .sql(
            `update silo set box = ?, dedup = ?, inc_time = ?, exp_time = ?, next_time = snd_time,
               size = coalesce(length(body), 0) + coalesce(length(extra_hdrs), 0) where id = ? and box is null`,
          )
          .run(box, key, incTime, expTime, id);
        if (changes === 0) continue;
        remember(db, key, box, incTime);
        noteChange(db, box, clock());
      }
    },

    due: (now, after, limit) =>
      db
        .sql(
          `select id, box, next_time from silo
             where next_time > 0 and next_time <= ? and (next_time, id) > (?, ?) and box is not null
             order by next_time, id limit ?`,
        )
        .all(now, after?.nextTime ?? 0, after?.id ?? 0, limit)
        .map(toDue),

    park: (box, now, until) => {
      const { changes } = db
        .sql('update silo set next_time = ? where box = ? and next_time > 0 and next_time <= ?')
        .run(until, box, now);
      // A reminder whose time has come counts from now on.
      if (changes > 0) noteChange(db, box, clock());
    },

    waiting: (box, now, limit, { after, device = '' } = {}) =>
      db
        .sql(
          `select ${MESSAGE_COLUMNS} from silo
             where box = ? and (kind, snd_time, id) > (?, ?, ?) and exp_time > ? and snd_time <= ?
             ${device === '' ? '' : NOT_DONE} order by kind, snd_time, id limit ?`,
        )
        .all(box, ...placeValues(after), now, now, ...(device === '' ? [] : [device, device]), limit)
        .map(toMessage),

    settle: (lease, message, end) =>
      isHeld(db, lease) && (endRow(db, message, end, clock()) || correct(db, message, end, clock())),

    defer: (lease, id, { nextTime, status, strike, refusedBy = '', since }) =>
      db
        .sql(
          `update silo set next_time = ?, last_status = ?, attempts = attempts + 1, strikes = strikes + ?,
             refused_by = case when ? = '' then refused_by else coalesce(refused_by || char(10), '') || ? end
             where id = ? and box = ? and exists (${HELD})${since === undefined ? '' : ' and next_time in (0, ?)'}`,
        )
        .run(
          ...[nextTime, status, strike ? 1 : 0, refusedBy, refusedBy],
          ...[id, lease.box, lease.box, lease.owner, lease.fence],
          ...(since === undefined ? [] : [since]),
        ).changes > 0,

    settleByKey: (key, end) => {
      const [row] = db.sql('select id, dedup, box from silo where dedup = ?').all(key);
      if (!row) return undefined;
      const ended = toEnded(row);
      endRow(db, ended, end, clock());
      return ended;
    },
  };
}

/** The device has not taken or refused it: both are lists, one a line. */
const NOT_DONE = ['taken_by', 'refused_by']
  .map(
    (list) =>
      `and (${list} is null or instr(char(10) || ${list} || char(10), char(10) || ? || char(10)) = 0)`,
  )
  .join(' ');

/** It gave way while a device took it. */
function correct(db: Sqlite, { key }: Ended, { outcome, status, reason }: End, now: number): boolean {
  if (outcome !== 'delivered') return false;
  return (
    db
      .sql(
        `update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ?
           where dedup = ? and outcome = 'erased' and reason in (?, ?)`,
      )
      .run(outcome, status, reason, now, key, ...GAVE_WAY).changes > 0
  );
}
