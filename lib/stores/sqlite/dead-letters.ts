/** Dead letters in SQLite. */
import { DEAD_COLUMNS, REPLAY_COLUMNS, fromDead, toDeadLetter, toEnded } from '../shared/rows.ts';
import { noteChange } from './changes.ts';
import type { Sqlite } from './database.ts';
import type { DeadLetterStore } from '../contract/dead-letters.ts';

export function sqliteDeadLetters(db: Sqlite, clock: () => number): DeadLetterStore {
  const find = (ids: readonly number[]) =>
    ids.flatMap((id) => db.sql(`select ${DEAD_COLUMNS} from silo_dead where id = ?`).all(id));
  const remove = (id: number) => db.sql('delete from silo_dead where id = ?').run(id);
  return {
    deadLetters: (box, after, limit) =>
      db.guard(() =>
        db
          .sql(
            `select id, dedup, box, src_addr, status, reason, end_time from silo_dead
               where id > ? and (? = '' or box = ?) order by id limit ?`,
          )
          .all(after, box, box, limit)
          .map(toDeadLetter),
      ),

    replay: (ids, expTime) =>
      db.guard(() =>
        db.transaction(() =>
          find(ids).map((row) => {
            const ended = toEnded(row);
            db.sql(
              `insert into silo (${REPLAY_COLUMNS.join(', ')}) values (${REPLAY_COLUMNS.map(() => '?').join(', ')})`,
            ).run(...fromDead(row, expTime));
            remove(ended.id);
            db.sql(
              "update silo_ledger set outcome = '', end_time = 0, status = 0, reason = '' where dedup = ?",
            ).run(ended.key);
            noteChange(db, ended.box, clock());
            return ended;
          }),
        ),
      ),

    dropDead: (ids, now) =>
      db.guard(() =>
        db.transaction(() =>
          find(ids).map((row) => {
            const ended = toEnded(row);
            remove(ended.id);
            db.sql("update silo_ledger set outcome = 'erased', end_time = ? where dedup = ?").run(
              now,
              ended.key,
            );
            return ended;
          }),
        ),
      ),

    expireDead: (before, limit) =>
      db.guard(
        () =>
          db
            .sql('delete from silo_dead where id in (select id from silo_dead where end_time < ? limit ?)')
            .run(before, limit).changes,
      ),
  };
}
