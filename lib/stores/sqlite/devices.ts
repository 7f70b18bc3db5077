/** Reminders and devices in SQLite. */
import { MESSAGE_COLUMNS, toEnded, toMessage } from '../shared/rows.ts';
import { int, text } from '../shared/values.ts';
import { HELD, endRow, isHeld } from './end.ts';
import { noteChange } from './changes.ts';
import type { Sqlite } from './database.ts';
import type { Part } from './synchronous.ts';
import type { DeviceStore } from '../contract/devices.ts';
import { CANCELLED, type ReminderStore } from '../contract/reminders.ts';

export function sqliteReminders(db: Sqlite): Part<ReminderStore> {
  return {
    reminders: (box, now, limit, after) =>
      db
        .sql(
          `select ${MESSAGE_COLUMNS} from silo where snd_time > ? and box is not null and (? = '' or box = ?)
             and (snd_time, id) > (?, ?) order by snd_time, id limit ?`,
        )
        .all(now, box, box, after?.sendTime ?? 0, after?.id ?? 0, limit)
        .map(toMessage),

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

    parkDevices: (box, now) => {
      db.sql('update silo_device set next_time = 0 where box = ? and next_time > 0 and next_time <= ?').run(
        box,
        now,
      );
    },
  };
}
