/** Dead letters in MySQL. */
import type { ReadStore } from '../shared/reads.ts';
import { whole } from '../shared/values.ts';
import { noteChanges } from './inside/changes.ts';
import { noteReplayed } from './inside/usage.ts';
import type { Mysql } from './link/transactions.ts';
import { DEAD_COLUMNS, REPLAY_COLUMNS, fromDead, toEnded } from '../shared/rows.ts';
import type { DeadLetterStore } from '../contract/dead-letters.ts';

export function mysqlDeadLetters(db: Mysql, clock: () => number): Omit<DeadLetterStore, keyof ReadStore> {
  return {
    replay: (ids, expTime) =>
      db.transaction(async (tx) => {
        if (ids.length === 0) return [];
        const rows = await tx.all(`select ${DEAD_COLUMNS} from silo_dead where id in (?) for update`, [ids]);
        if (rows.length === 0) return [];
        const ended = rows.map(toEnded);
        await tx.run(`insert into silo (${REPLAY_COLUMNS.join(', ')}) values ?`, [
          rows.map((row) => fromDead(row, expTime)),
        ]);
        await noteReplayed(tx, ended);
        await tx.run('delete from silo_dead where id in (?)', [ended.map(({ id }) => id)]);
        await tx.run(
          "update silo_ledger set outcome = '', end_time = 0, status = 0, reason = '' where dedup in (?)",
          [ended.map(({ key }) => key)],
        );
        await noteChanges(tx, [...new Set(ended.map(({ box }) => box))], clock());
        return ended;
      }),

    dropDead: (ids, now) =>
      db.transaction(async (tx) => {
        if (ids.length === 0) return [];
        const rows = await tx.all('select id, dedup, box from silo_dead where id in (?) for update', [ids]);
        if (rows.length === 0) return [];
        const ended = rows.map(toEnded);
        await tx.run('delete from silo_dead where id in (?)', [ended.map(({ id }) => id)]);
        await tx.run("update silo_ledger set outcome = 'erased', end_time = ? where dedup in (?)", [
          now,
          ended.map(({ key }) => key),
        ]);
        return ended;
      }),

    expireDead: (before, limit) =>
      db.run(`delete from silo_dead where end_time < ? limit ${whole(limit)}`, [before]),
  };
}
