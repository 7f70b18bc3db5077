/** Reminders and devices in SQLite. */
import { KIND_NUMBERS, MESSAGE_COLUMNS, earliest, toDueDevice, toEnded, toMessage } from '../shared/rows.ts';
import { int, text } from '../shared/values.ts';
import { HELD, endRow, isHeld } from './inside/end.ts';
import { noteChange } from './inside/changes.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';
import type { DeviceStore } from '../contract/devices.ts';
import { CANCELLED, type ReminderStore } from '../contract/reminders.ts';

export function sqliteReminders(db: Sqlite): Part<ReminderStore> {
  return {
    reminders: (box, now, limit, { sendTime, id } = { sendTime: 0, id: 0 }) => {
      // With the words of the index, which has only what has a time.
      const page = (of: string, ...values: readonly (string | number)[]) =>
        db
          .sql(
            `select ${MESSAGE_COLUMNS} from silo where ${of} and snd_time > 0 and snd_time > ?
               and (snd_time, id) > (?, ?) order by snd_time, id limit ?`,
          )
          .all(...values, now, sendTime, id, limit)
          .map(toMessage);
      if (box === '') return page('box is not null');
      return earliest(
        KIND_NUMBERS.flatMap((kind) => page('box = ? and kind = ?', box, kind)),
        limit,
      );
    },

    cancel: (ids, now) =>
      ids.flatMap((id) => {
        const [row] = db
          .sql('select id, dedup, box from silo where id = ? and snd_time > ? and box is not null')
          .all(id, now);
        if (!row) return [];
        const ended = toEnded(row);
        endRow(db, ended, CANCELLED, now);
        return [ended];
      }),
  };
}

export function sqliteDevices(db: Sqlite, clock: () => number): Part<DeviceStore> {
  function take(id: number, box: string, device: string): boolean {
    const [row] = db.sql('select taken_by from silo where id = ?').all(id);
    if (!row) return false;
    const taken = text(row, 'taken_by');
    if (taken.split('\n').includes(device)) return true;
    db.sql('update silo set taken_by = ?, next_time = 0 where id = ?').run(
      taken === '' ? device : `${taken}\n${device}`,
      id,
    );
    // A message that one device has is news no more.
    if (taken === '') noteChange(db, box, clock());
    return true;
  }

  return {
    take: (lease, id, device) => isHeld(db, lease) && take(id, lease.box, device),

    takeByKey: (key, device) => {
      const [row] = db.sql('select id, box from silo where dedup = ?').all(key);
      return row !== undefined && take(int(row, 'id'), text(row, 'box'), device);
    },

    knowDevice: (box, device, now, until) => {
      db.sql(
        `insert into silo_device (box, device, first_seen, until) values (?, ?, ?, ?)
           on conflict (box, device) do update set until = max(silo_device.until, excluded.until)`,
      ).run(box, device, now, until);
    },

    holdDevice: ({ box, owner, fence }, device, now, { attempts, strikes, nextTime, lastStatus }) =>
      db
        .sql(
          `insert into silo_device (box, device, first_seen, until, attempts, strikes, next_time, last_status)
             select ?, ?, ?, 0, ?, ?, ?, ? where exists (${HELD})
             on conflict (box, device) do update set attempts = excluded.attempts, strikes = excluded.strikes,
               next_time = excluded.next_time, last_status = excluded.last_status`,
        )
        .run(...[box, device, now, attempts, strikes, nextTime, lastStatus], ...[box, owner, fence]).changes >
      0,

    dueDevices: (until, after, limit) =>
      db
        .sql(
          `select box, device, next_time from silo_device
             where next_time between 1 and ? and (next_time, box, device) > (?, ?, ?)
             order by next_time, box, device limit ?`,
        )
        .all(until, after?.nextTime ?? 0, after?.box ?? '', after?.device ?? '', limit)
        .map(toDueDevice),

    parkDevices: (box, now) => {
      db.sql('update silo_device set next_time = 0 where box = ? and next_time > 0 and next_time <= ?').run(
        box,
        now,
      );
    },
  };
}
