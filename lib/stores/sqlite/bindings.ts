/** Bindings in SQLite. */
import { GroupCommit, Failed } from '../shared/group-commit.ts';
import type { Sqlite } from './database.ts';
import { BINDING_COLUMNS, contactKey, fromBinding, toBinding } from '../shared/rows.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { BindingChange, BindingStore } from '../contract/bindings.ts';

interface Registering {
  readonly aor: string;
  readonly now: number;
  readonly change: (current: readonly Binding[]) => BindingChange;
}

export function sqliteBindings(db: Sqlite): BindingStore {
  const find = (aor: string, now: number) =>
    db
      .sql(`select ${BINDING_COLUMNS.join(', ')} from binding where aor = ? and expires > ?`)
      .all(aor, now)
      .map(toBinding);

  const registrations = new GroupCommit<Registering, readonly Binding[]>((items) =>
    db.guard(() =>
      db.transaction(() =>
        items.map(({ aor, now, change }) => {
          let changes: BindingChange;
          try {
            changes = change(find(aor, now));
          } catch (error) {
            return new Failed(error);
          }
          for (const contact of changes.drop)
            db.sql('delete from binding where aor = ? and contact_key = ?').run(aor, contactKey(contact));
          for (const binding of changes.put)
            db.sql(
              `insert or replace into binding (${BINDING_COLUMNS.join(', ')}) values (${BINDING_COLUMNS.map(() => '?').join(', ')})`,
            ).run(...fromBinding(binding));
          return find(aor, now);
        }),
      ),
    ),
  );

  return {
    bindings: (aor, now) => db.guard(() => find(aor, now)),
    registeredAmong: (aors, now) =>
      db.guard(() =>
        aors.filter(
          (aor) =>
            db.sql('select 1 from binding where aor = ? and expires > ? limit 1').all(aor, now).length > 0,
        ),
      ),
    register: (aor, now, change) => registrations.add({ aor, now, change }),
    expireBindings: (now, limit) =>
      db.guard(
        () =>
          db
            .sql(
              `delete from binding where (aor, contact_key) in
                 (select aor, contact_key from binding where expires <= ? limit ?)`,
            )
            .run(now, limit).changes,
      ),
  };
}
