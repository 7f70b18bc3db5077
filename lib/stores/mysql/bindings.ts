/** Bindings in MySQL. */
import { GroupCommit, Failed } from '../shared/group-commit.ts';
import type { Mysql, Queries } from './link/transactions.ts';
import { BINDING_COLUMNS, contactKey, fromBinding, text, toBinding } from '../shared/rows.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { BindingChange, BindingStore } from '../contract/bindings.ts';

interface Registering {
  readonly aor: string;
  readonly now: number;
  readonly change: (current: readonly Binding[]) => BindingChange;
}

export function mysqlBindings(db: Mysql): BindingStore {
  const registrations = new GroupCommit<Registering, readonly Binding[]>((items) =>
    db.transaction((tx) => registerBatch(tx, items)),
  );
  return {
    bindings: async (aor, now) =>
      (
        await db.all(`select ${BINDING_COLUMNS.join(', ')} from binding where aor = ? and expires > ?`, [
          aor,
          now,
        ])
      ).map(toBinding),
    registeredAmong: async (aors, now) =>
      aors.length === 0
        ? []
        : (
            await db.all('select distinct aor from binding where aor in (?) and expires > ?', [aors, now])
          ).map((row) => text(row, 'aor')),
    register: (aor, now, change) => registrations.add({ aor, now, change }),
    expireBindings: (now, limit) =>
      db.run(`delete from binding where expires <= ? limit ${Math.max(0, Math.trunc(limit))}`, [now]),
  };
}

/** Several REGISTERs in one transaction: one select, the changes in memory one after the other, one upsert, one delete. */
async function registerBatch(
  tx: Queries,
  items: readonly Registering[],
): Promise<(readonly Binding[] | Failed)[]> {
  const aors = [...new Set(items.map((item) => item.aor))].sort();
  const rows = await tx.all(`select ${BINDING_COLUMNS.join(', ')} from binding where aor in (?) for update`, [
    aors,
  ]);
  const now = new Map<string, Map<string, Binding>>(aors.map((aor) => [aor, new Map()]));
  for (const row of rows) now.get(text(row, 'aor'))?.set(text(row, 'contact'), toBinding(row));

  const put = new Map<string, Binding>();
  const drop = new Map<string, [string, string]>();
  const results = items.map((item): readonly Binding[] | Failed => {
    const current = now.get(item.aor) ?? new Map<string, Binding>();
    const live = () => [...current.values()].filter((binding) => binding.expires > item.now);
    let change: BindingChange;
    try {
      change = item.change(live());
    } catch (error) {
      return new Failed(error);
    }
    for (const contact of change.drop) {
      const key = contactKey(contact);
      current.delete(contact);
      put.delete(`${item.aor} ${key}`);
      drop.set(`${item.aor} ${key}`, [item.aor, key]);
    }
    for (const binding of change.put) {
      const name = `${item.aor} ${contactKey(binding.contact)}`;
      current.set(binding.contact, binding);
      drop.delete(name);
      put.set(name, binding);
    }
    return live();
  });

  if (drop.size > 0)
    await tx.run('delete from binding where (aor, contact_key) in (?)', [[...drop.values()]]);
  if (put.size > 0)
    await tx.run(
      `insert into binding (${BINDING_COLUMNS.join(', ')}) values ? on duplicate key update ` +
        BINDING_COLUMNS.slice(2)
          .map((column) => `${column} = values(${column})`)
          .join(', '),
      [[...put.values()].map(fromBinding)],
    );
  return results;
}
