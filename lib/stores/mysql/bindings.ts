/** Bindings in MySQL. */
import type { ReadStore } from '../shared/reads.ts';
import { rebind } from '../../sip/read/rebinding.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { GroupCommit } from '../shared/group-commit.ts';
import type { Queries } from './link/transaction.ts';
import type { Mysql } from './link/transactions.ts';
import { inOrder, lock, remove } from './link/locks.ts';
import { deleteInSlices } from './link/slices.ts';
import { BINDING_COLUMNS, bindingKey, fromBinding, toBinding } from '../shared/binding-rows.ts';
import { text } from '../shared/values.ts';
import type { BindingStore, Registered, Registering } from '../contract/bindings.ts';

export function mysqlBindings(
  db: Mysql,
): Omit<BindingStore, keyof ReadStore> & Pick<BindingStore, 'bindings'> {
  // Each MESSAGE and each look at a box asks: of 200 under way at once, each with a query of its own, the queries were a fifth
  // of the work.
  const looks = new GroupCommit<Look, readonly Binding[]>((items) => lookUp(db, items));
  const registrations = new GroupCommit<Registering, Registered>((items) =>
    db.transaction((tx) => registerBatch(tx, items)),
  );
  return {
    bindings: (aor, now) => looks.add({ aor, now }),
    registeredAmong: async (aors, now) =>
      aors.length === 0
        ? []
        : (
            await db.all('select distinct aor from binding where aor in (?) and expires > ?', [aors, now])
          ).map((row) => text(row, 'aor')),
    register: (registering) => registrations.add(registering),
    expireBindings: (now, limit) =>
      deleteInSlices(db, { table: 'binding', where: 'expires <= ?', values: [now] }, limit),
  };
}

interface Look {
  readonly aor: string;
  readonly now: number;
}

async function lookUp(db: Mysql, items: readonly Look[]): Promise<readonly (readonly Binding[])[]> {
  const rows = await db.all(
    `select ${BINDING_COLUMNS.join(', ')} from binding where aor in (?) and expires > ?`,
    [[...new Set(items.map(({ aor }) => aor))], Math.min(...items.map(({ now }) => now))],
  );
  const found = rows.map(toBinding);
  return items.map(({ aor, now }) => found.filter((one) => one.aor === aor && one.expires > now));
}

const PUT =
  `insert into binding (${BINDING_COLUMNS.join(', ')}) values ? on duplicate key update ` +
  BINDING_COLUMNS.slice(2)
    .map((column) => `${column} = values(${column})`)
    .join(', ');

/** Several REGISTERs in one transaction: one select, the changes in memory one after the other, one upsert, one delete. */
async function registerBatch(tx: Queries, items: readonly Registering[]): Promise<readonly Registered[]> {
  const aors = new Set(items.map((item) => item.aor));
  const rows = await lock(tx, ['binding', BINDING_COLUMNS.join(', ')], aors, { byFirst: true });
  const stored = new Map<string, Map<string, Binding>>([...aors].map((aor) => [aor, new Map()]));
  for (const row of rows) stored.get(text(row, 'aor'))?.set(text(row, 'contact_key'), toBinding(row));

  const put = new Map<string, [Binding, string]>();
  const drop = new Map<string, [string, string]>();
  const results = items.map((item): Registered => {
    const { aor, now } = item;
    const current = stored.get(aor) ?? new Map<string, Binding>();
    const live = () => new Map([...current].filter(([, binding]) => binding.expires > now));
    const change = rebind(live(), item, now);
    if (typeof change === 'string') return { refused: change };
    for (const key of change.drop) {
      current.delete(key);
      put.delete(`${aor} ${key}`);
      drop.set(`${aor} ${key}`, [aor, key]);
    }
    for (const binding of change.put) {
      const key = bindingKey(binding);
      const name = `${aor} ${key}`;
      current.set(key, binding);
      drop.delete(name);
      put.set(name, [binding, key]);
    }
    return { bindings: [...live().values()] };
  });

  // New ones, too, in the order of their keys: another node may be about to make the same.
  const rewritten = inOrder(put.keys()).flatMap((name) => {
    const row = put.get(name);
    return row ? [fromBinding(...row)] : [];
  });
  await Promise.all([remove(tx, 'binding', drop.values()), rewritten.length > 0 && tx.run(PUT, [rewritten])]);
  return results;
}
