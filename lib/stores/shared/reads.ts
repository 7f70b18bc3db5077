/** Reads that are the same in both engines: the statement, its values, and what its rows mean. */
import { BINDING_COLUMNS, toBinding } from './binding-rows.ts';
import { pageOfBoxes, toBoxRow, toPage, toTotals } from './box-rows.ts';
import { SUBSCRIPTION_COLUMNS, toMailboxChange, toSubscription } from './mwi-rows.ts';
import {
  DEAD_COLUMNS,
  EXTENTS,
  MESSAGE_COLUMNS,
  messageOfDead,
  toBoxedMessage,
  toDeadBoxed,
  toDeadLetter,
  toDevice,
  toForeign,
  toLedgerEntry,
  toMessage,
  toTailed,
} from './rows.ts';
import { named, NAMESAKES, SUBSCRIBER_COLUMNS, toNonceKey, toSubscriber } from './user-rows.ts';
import { int, text, whole, type Row } from './values.ts';
import type { Store } from '../contract/store.ts';

export interface Read<T> {
  readonly sql: string;
  readonly values: readonly (string | number)[];
  readonly of: (rows: readonly Row[]) => T;
}

/** The methods that are such a read. */
export type ReadStore = Pick<
  Store,
  | 'bindings'
  | 'bodiesNotBy'
  | 'bodyIds'
  | 'bodyKeys'
  | 'boxes'
  | 'boxPage'
  | 'boxTotals'
  | 'countedBox'
  | 'deadById'
  | 'deadByKey'
  | 'deadLetters'
  | 'deviceStates'
  | 'foreign'
  | 'hasSubscriber'
  | 'holdsMail'
  | 'lastId'
  | 'lastMailboxChange'
  | 'ledgerBetween'
  | 'mailboxChanges'
  | 'messageById'
  | 'messageByKey'
  | 'nonceKeys'
  | 'oldest'
  | 'quarantine'
  | 'subscribedRuns'
  | 'subscriber'
  | 'subscribers'
  | 'subscriptionsOf'
  | 'tail'
  | 'usedMailboxes'
  | 'watchersOf'
>;

type Reads = {
  readonly [M in keyof ReadStore]: (
    ...args: Parameters<ReadStore[M]>
  ) => Read<Awaited<ReturnType<ReadStore[M]>>>;
};

const each =
  <T>(of: (row: Row) => T) =>
  (rows: readonly Row[]) =>
    rows.map(of);
const first =
  (column: string) =>
  ([row = {}]: readonly Row[]) =>
    int(row, column);
const one =
  <T>(of: (row: Row) => T) =>
  ([row]: readonly Row[]) =>
    row && of(row);
const DEAD = `select ${DEAD_COLUMNS}, status from silo_dead`;
const SUBSCRIBERS = `select ${SUBSCRIBER_COLUMNS.join(', ')} from subscriber`;
const SUBSCRIPTIONS = `select ${SUBSCRIPTION_COLUMNS.join(', ')} from mwi_subscription`;

export const READS: Reads = {
  boxes: (after, limit) => ({
    sql: 'select distinct box from silo where box > ? order by box limit ?',
    values: [after, whole(limit)],
    of: each((row) => text(row, 'box')),
  }),

  boxPage: (order, domain, limit, after) => ({
    ...pageOfBoxes(order, domain, whole(limit), after),
    of: toPage(order, limit),
  }),

  countedBox: (box) => ({
    sql: 'select box, messages, first_id from silo_box where box = ?',
    values: [box],
    of: one(toBoxRow),
  }),

  boxTotals: (domain) => ({
    sql: "select domain, boxes, messages, counted from silo_box_total where domain in (?, '')",
    values: [domain],
    of: toTotals(domain),
  }),

  lastId: () => ({
    sql: 'select coalesce(max(id), 0) as id from silo',
    values: [],
    of: first('id'),
  }),

  oldest: () => ({
    sql: 'select inc_time from silo where id = (select min(id) from silo)',
    values: [],
    of: first('inc_time'),
  }),

  quarantine: () => ({
    sql: 'select since from silo_quarantine where id = 1',
    values: [],
    of: first('since'),
  }),

  tail: (after, limit) => ({
    sql: 'select id, box, next_time, snd_time from silo where id > ? and box is not null order by id limit ?',
    values: [after, whole(limit)],
    of: each(toTailed),
  }),

  foreign: (limit) => ({
    sql: `select id, username, domain, inc_time, exp_time, snd_time from silo
            where box is null order by kind, snd_time, id limit ?`,
    values: [whole(limit)],
    of: each(toForeign),
  }),

  holdsMail: (box, now) => ({
    sql: 'select 1 from silo where box = ? and kind in (0, 1) and snd_time <= ? and exp_time > ? limit 1',
    values: [box, now, now],
    of: (rows) => rows.length > 0,
  }),

  // Two statements: of one that says `(? = '' or box = ?)` no database makes the range of a box.
  deadLetters: (box, after, limit) => ({
    sql: `select id, dedup, box, src_addr, status, reason, end_time from silo_dead
            where ${box === '' ? '' : 'box = ? and '}id > ? order by id limit ?`,
    values: [...(box === '' ? [] : [box]), after, whole(limit)],
    of: each(toDeadLetter),
  }),

  deadById: (id) => ({ sql: `${DEAD} where id = ?`, values: [id], of: one(toDeadBoxed) }),

  deadByKey: (box, key) => ({
    sql: `${DEAD} where box = ? and dedup = ?`,
    values: [box, key],
    of: one(toDeadBoxed),
  }),

  messageById: (id) => ({
    sql: `select ${EXTENTS.whole} from silo where id = ? and box is not null`,
    values: [id],
    of: one(toBoxedMessage),
  }),

  messageByKey: (key) => ({
    sql: `select ${EXTENTS.whole} from silo where dedup = ?`,
    values: [key],
    of: one(toBoxedMessage),
  }),

  ledgerBetween: (from, to, limit) => ({
    sql: `select dedup, box, inc_time, end_time, outcome, status, reason from silo_ledger
            where dedup between ? and ? order by dedup limit ?`,
    values: [from, to, whole(limit)],
    of: each(toLedgerEntry),
  }),

  deviceStates: (box) => ({
    sql: `select device, first_seen, until, attempts, strikes, next_time, last_status
            from silo_device where box = ?`,
    values: [box],
    of: each(toDevice),
  }),

  bindings: (aor, now) => ({
    sql: `select ${BINDING_COLUMNS.join(', ')} from binding where aor = ? and expires > ?`,
    values: [aor, now],
    of: each(toBinding),
  }),

  bodyIds: (table, after, limit) => ({
    sql: `select id from ${table} where id > ? order by id limit ?`,
    values: [after, whole(limit)],
    of: each((row) => int(row, 'id')),
  }),

  bodiesNotBy: (key, table, after, last) => ({
    sql: `select ${table === 'silo' ? MESSAGE_COLUMNS : DEAD_COLUMNS} from ${table}
            where id > ? and id <= ? and box is not null and (seal is null or seal <> ?) order by id`,
    values: [after, last, key],
    of: each(table === 'silo' ? toMessage : messageOfDead),
  }),

  bodyKeys: () => ({
    sql: 'select id, proof from silo_body_key order by id limit 100',
    values: [],
    of: each((row) => ({ id: text(row, 'id'), proof: text(row, 'proof') })),
  }),

  subscribedRuns: (node) => ({
    sql: 'select distinct run from mwi_subscription where node = ?',
    values: [node],
    of: each((row) => text(row, 'run')),
  }),

  subscriptionsOf: (node, run, after, limit) => ({
    sql: `${SUBSCRIPTIONS} where node = ? and run = ? and id > ? order by id limit ?`,
    values: [node, run, after, whole(limit)],
    of: each(toSubscription),
  }),

  usedMailboxes: (after, limit) => ({
    sql: 'select aor, seen from mwi_mailbox where aor > ? order by aor limit ?',
    values: [after, whole(limit)],
    of: each((row) => ({ mailbox: text(row, 'aor'), seen: int(row, 'seen') })),
  }),

  watchersOf: (mailbox, limit) => ({
    sql: `${SUBSCRIPTIONS} where mailbox = ? order by event_id, device limit ?`,
    values: [mailbox, whole(limit)],
    of: each(toSubscription),
  }),

  mailboxChanges: (after, limit) => ({
    sql: 'select id, mailbox, watchers from mwi_change where id > ? order by id limit ?',
    values: [after, whole(limit)],
    of: each(toMailboxChange),
  }),

  lastMailboxChange: () => ({
    sql: 'select coalesce(max(id), 0) as id from mwi_change',
    values: [],
    of: first('id'),
  }),

  subscriber: (username, domain) => ({
    sql: NAMESAKES,
    values: [username, domain],
    of: named(username, domain),
  }),

  hasSubscriber: () => ({
    sql: 'select 1 from subscriber limit 1',
    values: [],
    of: (rows) => rows.length > 0,
  }),

  // Of `(username, domain) > (?, ?)` not every MySQL makes a range.
  subscribers: ({ username, domain }, limit) => ({
    sql: `${SUBSCRIBERS} where username >= ? and (username > ? or domain > ?)
            order by username, domain limit ?`,
    values: [username, username, domain, whole(limit)],
    of: each(toSubscriber),
  }),

  nonceKeys: () => ({
    sql: 'select id, secret, made from silo_nonce_key order by made, id',
    values: [],
    of: each(toNonceKey),
  }),
};

/** The same as methods that ask an engine. */
export function readsBy(ask: <T>(read: Read<T>) => unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(READS).map(([method, read]) => [
      method,
      (...args: never[]) => ask((read as (...args: never[]) => Read<unknown>)(...args)),
    ]),
  );
}
