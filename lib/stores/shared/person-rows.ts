/** Where a database may name a person: each table, and each of its columns that does. A new one must be put here (a test finds it). */
import type { End } from '../contract/message.ts';
import type { NamingRow, OwnTable, PassedTable, PlainRow, RowKey } from '../contract/persons.ts';
import { text, type Row } from './values.ts';

/** By which key a table is gone through, and its columns with addresses. Of a mailbox's summary the account is one. */
export const PASSED: Readonly<
  Record<PassedTable, { readonly key: string; readonly first: RowKey; readonly names: readonly string[] }>
> = {
  silo: { key: 'id', first: 0, names: ['box', 'src_addr', 'dst_addr', 'username', 'domain'] },
  silo_dead: { key: 'id', first: 0, names: ['box', 'src_addr', 'dst_addr'] },
  silo_ledger: { key: 'dedup', first: '', names: ['box'] },
  mwi_publication: { key: 'tag', first: '', names: ['mailbox', 'publisher', 'body'] },
  mwi_subscription: { key: 'id', first: '', names: ['mailbox', 'local', 'remote', 'target'] },
  mwi_change: { key: 'id', first: 0, names: ['mailbox'] },
};

/** The column that says whose the row is; a user has two. */
export const OWN: Readonly<Record<OwnTable, string>> = {
  binding: 'aor = ?',
  silo_device: 'box = ?',
  silo_turn: 'name = ?',
  silo_box: 'box = ?',
  silo_lease: 'box = ?',
  silo_forget: 'aor = ?',
  mwi_mailbox: 'aor = ?',
  subscriber: 'username = ? and domain = ?',
};

/** Secrets are nothing to be carried away. */
const HIDDEN = new Set(['password', 'ha1', 'ha1b', 'ha1_sha256', 'ha1b_sha256']);

/** Seconds for which a node may be asked to forget somebody: far longer than anybody waits for it. */
export const FORGET_LIFE = 60;

export const ERASED: End = { outcome: 'erased', status: 0, reason: 'erased with everything of a person' };

/** Values of {@link OWN}. */
export function ownValues(table: OwnTable, aor: string): readonly string[] {
  if (table !== 'subscriber') return [aor];
  const at = aor.lastIndexOf('@');
  return [aor.slice(0, at), aor.slice(at + 1)];
}

export function toNamingRow(table: PassedTable): (row: Row) => NamingRow {
  const { key, names, first } = PASSED[table];
  return (row) => ({
    key: typeof first === 'number' ? Number(row[key]) : text(row, key),
    names: Object.fromEntries(names.map((name) => [name, text(row, name)])),
  });
}

export function toPlainRow(row: Row): PlainRow {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([column]) => !HIDDEN.has(column))
      .map(([column, value]) => [
        column,
        typeof value === 'bigint'
          ? Number(value)
          : typeof value === 'object' && value !== null
            ? text(row, column)
            : value,
      ]),
  );
}
