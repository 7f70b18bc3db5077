/** Messages in SQLite. */
import { Batcher } from './batcher.ts';
import type { Sqlite } from './sqlite.ts';
import { acceptAll } from './sqlite-import.ts';
import { noteChange } from './sqlite-mwi.ts';
import {
  DEAD_COLUMNS,
  INSERT_COLUMNS,
  MESSAGE_COLUMNS,
  fromMessage,
  int,
  text,
  toDue,
  toEnded,
  toMessage,
} from './rows.ts';
import { EMPTY_LEDGER } from './store.ts';
import type { Accepted, End, Ended, Lease, Ledger, NewMessage, SiloStore } from './store.ts';

const HELD = 'select 1 from silo_lease where box = ? and owner = ? and fence = ?';

export function sqliteSilo(db: Sqlite, clock: () => number): SiloStore {
  const accepts = new Batcher<NewMessage, Accepted>((messages) =>
    db.guard(() => db.transaction(() => messages.map((message) => accept(db, message, clock())))),
  );
  const settles = new Batcher<Settle, boolean>((items) =>
    db.guard(() => db.transaction(() => items.map((item) => settle(db, item, clock())))),
  );
  return {
    accept: (message) => accepts.add(message),
    acceptAll: (messages) => db.guard(() => acceptAll(db, messages, clock())),

    boxes: (after, limit) =>
      db.guard(() =>
        db
          .sql('select distinct box from silo where box > ? order by box limit ?')
          .all(after, limit)
          .map((row) => text(row, 'box')),
      ),

    lastId: () =>
      db.guard(() => int(db.sql('select coalesce(max(id), 0) as id from silo').all()[0] ?? {}, 'id')),

    tail: (after, limit) =>
      db.guard(() =>
        db
          .sql(
            'select id, box, next_time, snd_time from silo where id > ? and box is not null order by id limit ?',
          )
          .all(after, limit)
          .map((row) => ({
            id: int(row, 'id'),
            box: text(row, 'box'),
            nextTime: int(row, 'next_time'),
            sendTime: int(row, 'snd_time'),
          })),
      ),

    foreign: (limit) =>
      db.guard(() =>
        db
          .sql(
            'select id, username, domain, inc_time, exp_time, snd_time from silo where box is null order by id limit ?',
          )
          .all(limit)
          .map((row) => ({
            id: int(row, 'id'),
            username: text(row, 'username'),
            domain: text(row, 'domain'),
            incTime: int(row, 'inc_time'),
            expTime: int(row, 'exp_time'),
            sendTime: int(row, 'snd_time'),
          })),
      ),

    adopt: (adoptions) =>
      db.guard(() =>
        db.transaction(() => {
          for (const { id, key, box, incTime, expTime } of adoptions) {
            const { changes } = db
              .sql(
                `update silo set box = ?, dedup = ?, inc_time = ?, exp_time = ?, next_time = snd_time
                   where id = ? and box is null`,
              )
              .run(box, key, incTime, expTime, id);
            if (changes > 0) {
              remember(db, key, box, incTime);
              noteChange(db, box, clock());
            }
          }
        }),
      ),

    due: (now, after, limit) =>
      db.guard(() =>
        db
          .sql(
            `select id, box, next_time from silo
               where next_time > 0 and next_time <= ? and (next_time, id) > (?, ?) and box is not null
               order by next_time, id limit ?`,
          )
          .all(now, after?.nextTime ?? 0, after?.id ?? 0, limit)
          .map(toDue),
      ),

    park: (box, now, until) =>
      db.guard(
        () =>
          void db
            .sql('update silo set next_time = ? where box = ? and next_time > 0 and next_time <= ?')
            .run(until, box, now),
      ),

    waiting: (box, now, after, limit) =>
      db.guard(() =>
        db
          .sql(
            `select ${MESSAGE_COLUMNS} from silo
               where box = ? and id > ? and exp_time > ? and snd_time <= ? order by id limit ?`,
          )
          .all(box, after, now, now, limit)
          .map(toMessage),
      ),

    holdsMail: (box, now) =>
      db.guard(
        () =>
          db
            .sql('select 1 from silo where box = ? and exp_time > ? and snd_time <= ? limit 1')
            .all(box, now, now).length > 0,
      ),

    settle: (lease, message, end) => settles.add({ lease, message, end }),

    defer: (lease, id, { nextTime, status, strike, refusedBy }) =>
      db.guard(
        () =>
          db
            .sql(
              `update silo set next_time = ?, last_status = ?, attempts = attempts + 1, strikes = strikes + ?,
                 refused_by = case when ? = '' then refused_by else coalesce(refused_by || char(10), '') || ? end
                 where id = ? and box = ? and exists (${HELD})`,
            )
            .run(
              nextTime,
              status,
              strike ? 1 : 0,
              refusedBy ?? '',
              refusedBy ?? '',
              id,
              lease.box,
              lease.box,
              lease.owner,
              lease.fence,
            ).changes > 0,
      ),

    settleByKey: (key, end) =>
      db.guard(() =>
        db.transaction(() => {
          const [row] = db.sql('select id, dedup, box from silo where dedup = ?').all(key);
          if (!row) return undefined;
          const ended = toEnded(row);
          endRow(db, ended, end, clock());
          return ended;
        }),
      ),

    expire: (now, limit) =>
      db.guard(() =>
        db.transaction(() => {
          const ended = db
            .sql(
              `select id, dedup, box from silo where exp_time <= ? and box is not null
                 and not exists (select 1 from silo_lease l where l.box = silo.box and l.ends > ?)
                 order by exp_time limit ?`,
            )
            .all(now, clock(), limit)
            .map(toEnded);
          for (const message of ended)
            endRow(db, message, { outcome: 'expired', status: 0, reason: 'lifetime over' }, now);
          return ended;
        }),
      ),

    forget: (before, limit) =>
      db.guard(
        () =>
          db
            .sql(
              `delete from silo_ledger where dedup in
                 (select dedup from silo_ledger where end_time > 0 and end_time < ? limit ?)`,
            )
            .run(before, limit).changes,
      ),

    ledger: () =>
      db.guard(() => {
        const counts: Record<string, number> = { ...EMPTY_LEDGER };
        for (const row of db.sql('select outcome, count(*) as n from silo_ledger group by outcome').all())
          counts[text(row, 'outcome') || 'waiting'] = int(row, 'n');
        return counts as unknown as Ledger;
      }),
  };
}

interface Settle {
  readonly lease: Lease;
  readonly message: Ended;
  readonly end: End;
}

function accept(db: Sqlite, message: NewMessage, now: number): Accepted {
  if (!remember(db, message.key, message.box, message.incTime)) return { stored: false, id: 0 };
  const { lastInsertRowid } = db
    .sql(
      `insert into silo (${INSERT_COLUMNS.join(', ')}) values (${INSERT_COLUMNS.map(() => '?').join(', ')})`,
    )
    .run(...fromMessage(message));
  noteChange(db, message.box, now);
  return { stored: true, id: lastInsertRowid };
}

/** False when the key is known already. */
function remember(db: Sqlite, key: string, box: string, incTime: number): boolean {
  return (
    db
      .sql('insert into silo_ledger (dedup, box, inc_time) values (?, ?, ?) on conflict do nothing')
      .run(key, box, incTime).changes > 0
  );
}

function settle(db: Sqlite, { lease, message, end }: Settle, now: number): boolean {
  if (db.sql(HELD).all(lease.box, lease.owner, lease.fence).length === 0) return false;
  return endRow(db, message, end, now);
}

function endRow(db: Sqlite, { id, key, box }: Ended, { outcome, status, reason }: End, now: number): boolean {
  if (outcome === 'dead')
    db.sql(
      `insert or replace into silo_dead (${DEAD_COLUMNS}, end_time, status, reason)
         select ${DEAD_COLUMNS}, ?, ?, ? from silo where id = ?`,
    ).run(now, status, reason, id);
  if (db.sql('delete from silo where id = ?').run(id).changes === 0) return false;
  db.sql('update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ? where dedup = ?').run(
    outcome,
    status,
    reason,
    now,
    key,
  );
  noteChange(db, box, now);
  return true;
}
