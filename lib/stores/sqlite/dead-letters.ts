/** Dead letters in SQLite. */
import { DEAD_COLUMNS, REPLAY_COLUMNS, fromDead, toEnded } from '../shared/rows.ts';
import { marks } from '../shared/values.ts';
import { noteChange } from './inside/changes.ts';
import type { Sqlite } from './inside/database.ts';
import type { Part } from './inside/sweeps.ts';
import type { DeadLetterStore } from '../contract/dead-letters.ts';

export function sqliteDeadLetters(db: Sqlite, clock: () => number): Part<DeadLetterStore> {
  const find = (ids: readonly number[]) =>
    ids.flatMap((id) => db.sql(`select ${DEAD_COLUMNS} from silo_dead where id = ?`).all(id));
  const remove = (id: number) => db.sql('delete from silo_dead where id = ?').run(id);
  return {
    replay: (ids, expTime) =>
      find(ids).map((row) => {
        const ended = toEnded(row);
        db.sql(`insert into silo (${REPLAY_COLUMNS.join(', ')}) values (${marks(REPLAY_COLUMNS)})`).run(
          ...fromDead(row, expTime),
        );
        remove(ended.id);
        db.sql(
          "update silo_ledger set outcome = '', end_time = 0, status = 0, reason = '' where dedup = ?",
        ).run(ended.key);
        noteChange(db, ended.box, clock());
        return ended;
      }),

    dropDead: (ids, now) =>
      find(ids).map((row) => {
        const ended = toEnded(row);
        remove(ended.id);
        db.sql("update silo_ledger set outcome = 'erased', end_time = ? where dedup = ?").run(now, ended.key);
        return ended;
      }),
  };
}
