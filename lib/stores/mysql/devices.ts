/** Reminders and devices in MySQL. */
import type { ReadStore } from '../shared/reads.ts';
import { endRows } from './inside/end.ts';
import { noteChanges } from './inside/changes.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { lock } from './link/locks.ts';
import { deleteInSlices } from './link/slices.ts';
import { KIND_NUMBERS, MESSAGE_COLUMNS, earliest, toDueDevice, toEnded, toMessage } from '../shared/rows.ts';
import { contactKey } from '../shared/binding-rows.ts';
import { int, text, whole } from '../shared/values.ts';
import type { Lease } from '../contract/leases.ts';
import type { DeviceStore } from '../contract/devices.ts';
import { CANCELLED, type ReminderStore } from '../contract/reminders.ts';

export function mysqlReminders(db: Mysql): ReminderStore {
  return {
    reminders: async (box, now, limit, { sendTime, id } = { sendTime: 0, id: 0 }) => {
      const page = async (of: string, ...values: readonly (string | number)[]) =>
        (
          await db.all(
            `select ${MESSAGE_COLUMNS} from silo where ${of} and snd_time >= ? and (snd_time > ? or id > ?)
               order by snd_time, id limit ${whole(limit)}`,
            [...values, Math.max(sendTime, now + 1), sendTime, id],
          )
        ).map(toMessage);
      if (box === '') return page('box is not null');
      const pages = await Promise.all(KIND_NUMBERS.map((kind) => page('box = ? and kind = ?', box, kind)));
      return earliest(pages.flat(), limit);
    },

    cancel: (ids, now) =>
      db.transaction(async (tx) => {
        const rows = await lock(tx, ['silo', 'id, dedup, box'], ids, {
          where: 'snd_time > ? and box is not null',
          values: [now],
        });
        const ended = rows.map(toEnded);
        await endRows(tx, ended, { ...CANCELLED, now });
        return ended;
      }, 'repeatable'),
  };
}

export function mysqlDevices(db: Mysql, clock: () => number): Omit<DeviceStore, keyof ReadStore> {
  return {
    take: (lease, id, device) =>
      db.transaction(
        async (tx) => (await isHeld(tx, lease)) && (await take(tx, { id }, device, clock())),
        'repeatable',
      ),

    takeByKey: (key, device) =>
      db.transaction((tx) => take(tx, { dedup: key }, device, clock()), 'repeatable'),

    knowDevice: async (box, device, now, until) => {
      await db.run(
        `insert into silo_device (box, device_key, device, first_seen, until) values (?, ?, ?, ?, ?)
           on duplicate key update until = greatest(until, values(until))`,
        [box, contactKey(device), device, now, until],
        'repeatable',
      );
    },

    holdDevice: (lease, device, now, { attempts, strikes, nextTime, lastStatus }) =>
      db.transaction(async (tx) => {
        if (!(await isHeld(tx, lease))) return false;
        await tx.run(
          `insert into silo_device
               (box, device_key, device, first_seen, until, attempts, strikes, next_time, last_status)
             values (?, ?, ?, ?, 0, ?, ?, ?, ?)
             on duplicate key update attempts = values(attempts), strikes = values(strikes),
               next_time = values(next_time), last_status = values(last_status)`,
          [lease.box, contactKey(device), device, now, attempts, strikes, nextTime, lastStatus],
        );
        return true;
      }, 'repeatable'),

    // Spelled out, as in `due`.
    dueDevices: async (until, after, limit) => {
      const { box, device, nextTime } = after ?? { box: '', device: '', nextTime: 0 };
      const rows = await db.all(
        `select box, device, next_time from silo_device
           where next_time between greatest(1, ?) and ?
             and (next_time > ? or box > ? or (box = ? and device_key > ?))
           order by next_time, box, device_key limit ${whole(limit)}`,
        [nextTime, until, nextTime, box, box, device === '' ? '' : contactKey(device)],
      );
      return rows.map(toDueDevice);
    },

    parkDevices: async (box, now) => {
      await db.run(
        'update silo_device set next_time = 0 where box = ? and next_time > 0 and next_time <= ?',
        [box, now],
      );
    },

    forgetDevices: (now, limit) =>
      deleteInSlices(
        db,
        { table: 'silo_device', where: 'until <= ? and next_time <= ?', values: [now, now - 86_400] },
        limit,
      ),
  };
}

async function isHeld(tx: Queries, { box, owner, fence }: Lease): Promise<boolean> {
  const rows = await tx.all(
    'select 1 from silo_lease where box = ? and owner = ? and fence = ? lock in share mode',
    [box, owner, fence],
  );
  return rows.length > 0;
}

async function take(
  tx: Queries,
  which: { readonly id: number } | { readonly dedup: string },
  device: string,
  now: number,
): Promise<boolean> {
  const found = 'id' in which ? [which] : await tx.all('select id from silo where dedup = ?', [which.dedup]);
  const [row] = await lock(
    tx,
    ['silo', 'id, box, taken_by'],
    found.map(({ id }) => Number(id)),
  );
  if (!row) return false;
  const taken = text(row, 'taken_by');
  if (taken.split('\n').includes(device)) return true;
  await tx.run("update silo set taken_by = concat_ws('\n', taken_by, ?), next_time = 0 where id = ?", [
    device,
    int(row, 'id'),
  ]);
  // A message that one device has is news no more.
  if (taken === '') await noteChanges(tx, [text(row, 'box')], now);
  return true;
}
