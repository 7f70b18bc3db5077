/** Bindings in SQLite. */
import { rebind } from '../../sip/read/rebinding.ts';
import type { Sqlite } from './inside/database.ts';
import { READS } from '../shared/reads.ts';
import type { Part } from './inside/sweeps.ts';
import { BINDING_COLUMNS, bindingsByKey, fromBinding } from '../shared/binding-rows.ts';
import { marks } from '../shared/values.ts';
import type { BindingStore } from '../contract/bindings.ts';

export function sqliteBindings(db: Sqlite): Part<BindingStore> {
  const find = (aor: string, now: number) => {
    const { sql, values } = READS.bindings(aor, now);
    return bindingsByKey(db.sql(sql).all(...values));
  };
  return {
    registeredAmong: (aors, now) =>
      aors.filter(
        (aor) =>
          db.sql('select 1 from binding where aor = ? and expires > ? limit 1').all(aor, now).length > 0,
      ),

    register: (registering) => {
      const { aor, now } = registering;
      const change = rebind(find(aor, now), registering, now);
      if (typeof change === 'string') return { refused: change };
      for (const key of change.drop)
        db.sql('delete from binding where aor = ? and contact_key = ?').run(aor, key);
      for (const binding of change.put)
        db.sql(
          `insert or replace into binding (${BINDING_COLUMNS.join(', ')}) values (${marks(BINDING_COLUMNS)})`,
        ).run(...fromBinding(binding));
      return { bindings: [...find(aor, now).values()] };
    },
  };
}
