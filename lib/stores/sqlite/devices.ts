/** Reminders and devices in SQLite. */
import { GroupCommit } from '../shared/group-commit.ts';
import { MESSAGE_COLUMNS, int, text, toDevice, toDeviceDue, toEnded, toMessage } from '../shared/rows.ts';
import { HELD, endRow, isHeld } from './end.ts';
import { noteChange } from './changes.ts';
import type { Sqlite } from './database.ts';
import type { Lease } from '../contract/leases.ts';
import type { DeviceStore } from '../contract/devices.ts';
import { CANCELLED, type ReminderStore } from '../contract/reminders.ts';

export function sqliteReminders(db: Sqlite): ReminderStore {
  return {
    reminders: (box, now, limit, after) =>
      db.guard(() =>
        db
          .sql(
            `select ${MESSAGE_COLUMNS} from silo where snd_time > ? and box is not null and (? = '' or box = ?)
               and (snd_time, id) > (?, ?) order by snd_time, id limit ?`,
          )
          .all(now, box, box, after?.sendTime ?? 0, after?.id ?? 0, limit)
          .map(toMessage),
      ),

    cancel: (ids, now) =>
      db.guard(() =>
        db.transaction(() =>
          ids.flatMap((id) => {
            const [row] = db
              .sql('select id, dedup, box from silo where id = ? and snd_time > ? and box is not null')
              .all(id, now);
            if (!row) return [];
            const ended = toEnded(row);
            endRow(db, ended, CANCELLED, now);
            return [ended];
          }),
        ),
      ),
  };
}

interface Take {
  readonly lease: Lease;
  readonly id: number;
  readonly device: string;
}

export function sqliteDevices(db: Sqlite, clock: () => number): DeviceStore {
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

  /** Devices take messages side by side: they share a commit. */
  const takes = new GroupCommit<Take, boolean>((items) =>
    db.guard(() =>
      db.transaction(() =>
        items.map(({ lease, id, device }) => isHeld(db, lease) && take(id, lease.box, device)),
      ),
    ),
  );

  return {
    take: (lease, id, device) => takes.add({ lease, id, device }),

    takeByKey: (key, device) =>
      db.guard(() =>
        db.transaction(() => {
          const [row] = db.sql('select id, box from silo where dedup = ?').all(key);
          return row !== undefined && take(int(row, 'id'), text(row, 'box'), device);
        }),
      ),

    deviceStates: (box) =>
      db.guard(() =>
        db
          .sql(
            `select device, first_seen, until, attempts, strikes, next_time, last_status
               from silo_device where box = ?`,
          )
          .all(box)
          .map(toDevice),
      ),

    knowDevice: (box, device, now, until) =>
      db.guard(
        () =>
          void db
            .sql(
              `insert into silo_device (box, device, first_seen, until) values (?, ?, ?, ?)
                 on conflict (box, device) do update set until = max(silo_device.until, excluded.until)`,
            )
            .run(box, device, now, until),
      ),

    holdDevice: (lease, device, now, { attempts, strikes, nextTime, lastStatus }) =>
      db.guard(
        () =>
          db
            .sql(
              `insert into silo_device (box, device, first_seen, until, attempts, strikes, next_time, last_status)
                 select ?, ?, ?, 0, ?, ?, ?, ? where exists (${HELD})
                 on conflict (box, device) do update set attempts = excluded.attempts, strikes = excluded.strikes,
                   next_time = excluded.next_time, last_status = excluded.last_status`,
            )
            .run(
              lease.box,
              device,
              now,
              attempts,
              strikes,
              nextTime,
              lastStatus,
              lease.box,
              lease.owner,
              lease.fence,
            ).changes > 0,
      ),

    dueDevices: (until, limit) =>
      db.guard(() =>
        db
          .sql(
            `select box, min(next_time) as next_time from silo_device where next_time > 0 and next_time <= ?
               group by box order by next_time limit ?`,
          )
          .all(until, limit)
          .map(toDeviceDue),
      ),

    parkDevices: (box, now) =>
      db.guard(
        () =>
          void db
            .sql('update silo_device set next_time = 0 where box = ? and next_time > 0 and next_time <= ?')
            .run(box, now),
      ),

    forgetDevices: (now, limit) =>
      db.guard(
        () =>
          db
            .sql(
              `delete from silo_device where (box, device) in
                 (select box, device from silo_device where until <= ? and next_time <= ? limit ?)`,
            )
            .run(now, now - 86_400, limit).changes,
      ),
  };
}
