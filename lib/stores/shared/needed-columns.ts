/**
 * The columns that this version works with. A database can lack one although it knows every schema step: a step of a
 * development version was another one. It must not open and fail later, message by message.
 */
import { SiloError } from '../../base/errors.ts';

/** Table -> its columns, as a database has them. */
export type Columns = ReadonlyMap<string, ReadonlySet<string>>;

const COMMON = {
  binding:
    'aor contact_key contact expires q instance reg_id callid cseq path source server takes_message user_agent updated methods',
  mwi_change: 'id mailbox watchers at',
  mwi_mailbox: 'aor seen',
  mwi_publication: 'tag mailbox publisher body expires stamp',
  mwi_subscription:
    'id mailbox event_id device node run callid local_tag remote_tag local remote target routes source contact ' +
    'remote_cseq local_cseq aliased moved expires updated',
  silo:
    'id src_addr dst_addr username domain inc_time exp_time snd_time ctype body extra_hdrs callid box dedup src_name ' +
    'dst_name date_time urgent next_time hops attempts strikes last_status refused_by taken_by kind size thread sender seal',
  silo_dead:
    'id dedup box src_addr dst_addr src_name dst_name inc_time exp_time snd_time date_time urgent ctype body ' +
    'extra_hdrs callid hops attempts taken_by kind end_time status reason seal',
  silo_body_key: 'id proof',
  silo_box: 'box domain messages first_id',
  silo_box_total: 'domain boxes messages counted',
  silo_device: 'box device first_seen until attempts strikes next_time last_status',
  silo_forget: 'aor node at',
  silo_lease: 'box owner ends fence',
  silo_ledger: 'dedup box inc_time end_time outcome status reason',
  silo_node: 'node run process server version started seen stopped',
  silo_nonce_key: 'id secret made',
  silo_quarantine: 'id since',
  silo_submission: 'name content owner since outcome row_id',
  subscriber: 'id username domain password ha1 ha1b ha1_sha256 ha1b_sha256',
};

export const NEEDED_COLUMNS = {
  sqlite: { ...COMMON, silo_usage: 'domain messages bytes', silo_outcome: 'outcome n' },
  mysql: {
    ...COMMON,
    silo_device: `${COMMON.silo_device} device_key`,
    silo_box_total: `${COMMON.silo_box_total} turn`,
    silo_turn: 'name turn at',
    silo_usage: 'domain messages bytes counted',
    silo_usage_change: 'id domain messages bytes',
  },
} as const;

export function byTable(columns: readonly (readonly [table: string, column: string])[]): Columns {
  const found = new Map<string, Set<string>>();
  for (const [table, column] of columns) {
    const known = found.get(table);
    if (known) known.add(column);
    else found.set(table, new Set([column]));
  }
  return found;
}

/** `table.column` of each that is not there. */
export function missingColumns(found: Columns, dialect: keyof typeof NEEDED_COLUMNS): readonly string[] {
  return Object.entries(NEEDED_COLUMNS[dialect]).flatMap(([table, columns]) =>
    columns
      .split(' ')
      .filter((column) => found.get(table)?.has(column) !== true)
      .map((column) => `${table}.${column}`),
  );
}

/** @throws SiloError `SILO_SCHEMA` when there are some */
export function refuseMissing(missing: readonly string[], folder: string): void {
  if (missing.length === 0) return;
  const [first = '', ...more] = missing;
  const count = more.length === 0 ? first : `${first} and ${more.length} more columns`;
  throw new SiloError(
    'SILO_SCHEMA',
    `The database knows every schema step, but lacks ${count}: a development version of drachtio-silo made it, whose steps were ` +
      `others. Wanted are the columns of ${folder}: name another, empty database, or add by hand what is missing.`,
  );
}
