/**
 * What takes away what is over, in SQLite. Each call does a slice of its work: so many rows that what waits behind it
 * does not wait long. Whoever wants all of it calls again.
 */
import type { ReadStore } from '../../shared/reads.ts';
import type { Synchronous } from '../thread/synchronous.ts';
import { noteChange } from './changes.ts';
import type { Sqlite } from './database.ts';
import { endRow } from './end.ts';
import { MESSAGE_COLUMNS, OVERDUE_REASON, toOverdue } from '../../shared/rows.ts';
import { text } from '../../shared/values.ts';
import { VANISHED, type Overdue, type Vanished } from '../../contract/message.ts';

/** How long a slice may last, ms; it ends with the rows at hand. */
const SLICE_MS = 5;
/** Rows between two looks at the clock. */
const FEW = 20;
/** The same where a row is only looked at. */
const MANY = 200;

export interface Slice {
  /** Rows that were done. */
  readonly rows: number;
  /** Nothing is left to do. */
  readonly over: boolean;
}

export interface Sweeps {
  readonly expire: (now: number, limit: number) => Slice & { readonly overdue: readonly Overdue[] };
  readonly endVanished: (after: string, limit: number) => Slice & Vanished;
  readonly forget: (before: number, limit: number) => Slice;
  readonly expireDead: (before: number, limit: number) => Slice;
  readonly expireBindings: (now: number, limit: number) => Slice;
  readonly forgetDevices: (now: number, limit: number) => Slice;
  readonly forgetSubmissions: (before: number, limit: number) => Slice;
  readonly expirePublications: (
    now: number,
    limit: number,
  ) => Slice & { readonly mailboxes: readonly string[] };
  readonly expireSubscriptions: (before: number, limit: number) => Slice;
  readonly forgetChanges: (before: number, limit: number) => Slice;
  /** Looks at mailboxes after this one, in text order; `last` is where the next slice goes on. */
  readonly forgetMailboxes: (before: number, after: string) => Slice & { readonly last: string };
}

/** What a part of the store does itself: all but the sweeps and the reads that both engines share. */
export type Part<T> = Synchronous<Omit<T, keyof Sweeps | keyof ReadStore | 'forgetTurns'>>;

/** @param step does at most `most` rows; returns how many there were */
function slice(limit: number, step: (most: number) => number, page = FEW): Slice {
  const end = performance.now() + SLICE_MS;
  let rows = 0;
  for (;;) {
    const most = Math.min(page, limit - rows);
    const done = most > 0 ? step(most) : 0;
    rows += done;
    if (done < page) return { rows, over: done < most };
    if (performance.now() >= end) return { rows, over: false };
  }
}

export function sqliteSweeps(db: Sqlite, clock: () => number): Sweeps {
  const remove = (sql: string, limit: number, ...values: readonly number[]) =>
    slice(limit, (most) => db.sql(sql).run(...values, most).changes);
  return {
    expire: (now, limit) => {
      const overdue: Overdue[] = [];
      const done = slice(limit, (most) => {
        const found = db
          .sql(
            `select ${MESSAGE_COLUMNS} from silo where exp_time <= ? and box is not null
               and not exists (select 1 from silo_lease l where l.box = silo.box and l.ends > ?)
               order by exp_time limit ?`,
          )
          .all(now, clock(), most)
          .map(toOverdue);
        for (const { message, outcome } of found)
          endRow(db, message, { outcome, status: 0, reason: OVERDUE_REASON[outcome] }, now);
        overdue.push(...found);
        return found.length;
      });
      return { ...done, overdue };
    },

    endVanished: (after, limit) => {
      const ended: Vanished['ended'][number][] = [];
      let last = after;
      const done = slice(
        limit,
        (most) => {
          const page = pageOfLedger(db, last, most);
          for (const { key, box, gone } of page)
            if (gone) {
              endVanished(db, key, box, clock());
              ended.push({ key, box });
            }
          last = page.at(-1)?.key ?? last;
          return page.length;
        },
        MANY,
      );
      return { ...done, ended, after: done.over ? '' : last };
    },

    forget: (before, limit) =>
      remove(
        `delete from silo_ledger where dedup in
           (select dedup from silo_ledger where end_time > 0 and end_time < ? limit ?)`,
        limit,
        before,
      ),

    expireDead: (before, limit) =>
      remove(
        'delete from silo_dead where id in (select id from silo_dead where end_time < ? limit ?)',
        limit,
        before,
      ),

    expireBindings: (now, limit) =>
      remove(
        `delete from binding where (aor, contact_key) in
           (select aor, contact_key from binding where expires <= ? limit ?)`,
        limit,
        now,
      ),

    forgetDevices: (now, limit) =>
      remove(
        `delete from silo_device where (box, device) in
           (select box, device from silo_device where until <= ? and next_time <= ? limit ?)`,
        limit,
        now,
        now - 86_400,
      ),

    forgetSubmissions: (before, limit) =>
      remove(
        'delete from silo_submission where name in (select name from silo_submission where since < ? limit ?)',
        limit,
        before,
      ),

    expirePublications: (now, limit) => {
      const mailboxes = new Set<string>();
      const done = slice(limit, (most) => {
        const rows = db
          .sql('select tag, mailbox from mwi_publication where expires <= ? limit ?')
          .all(now, most);
        for (const row of rows) {
          db.sql('delete from mwi_publication where tag = ?').run(text(row, 'tag'));
          mailboxes.add(text(row, 'mailbox'));
        }
        return rows.length;
      });
      for (const mailbox of mailboxes) noteChange(db, mailbox, clock());
      return { ...done, mailboxes: [...mailboxes] };
    },

    expireSubscriptions: (before, limit) =>
      remove(
        `delete from mwi_subscription where id in
           (select id from mwi_subscription where expires < ? limit ?)`,
        limit,
        before,
      ),

    forgetChanges: (before, limit) =>
      remove(
        'delete from mwi_change where id in (select id from mwi_change where at < ? limit ?)',
        limit,
        before,
      ),

    forgetMailboxes: (before, after) => {
      let last = after;
      const done = slice(
        Infinity,
        (most) => {
          const page = db
            .sql('select aor, seen from mwi_mailbox where aor > ? order by aor limit ?')
            .all(last, most);
          for (const row of page)
            if (Number(row['seen']) < before)
              db.sql(
                `delete from mwi_mailbox where aor = ?
                   and not exists (select 1 from mwi_subscription s where s.mailbox = mwi_mailbox.aor)
                   and not exists (select 1 from mwi_publication p where p.mailbox = mwi_mailbox.aor)`,
              ).run(text(row, 'aor'));
          last = text(page.at(-1) ?? {}, 'aor') || last;
          return page.length;
        },
        MANY,
      );
      return { ...done, last };
    },
  };
}

/** A page of the ledger: messages that wait by it are told from those whose row another program has deleted. */
function pageOfLedger(db: Sqlite, after: string, limit: number) {
  return db
    .sql(
      `select l.dedup, l.box, l.outcome = '' and s.id is null as gone from
         (select dedup, box, outcome from silo_ledger where dedup > ? order by dedup limit ?) l
         left join silo s on l.outcome = '' and s.dedup = l.dedup order by l.dedup`,
    )
    .all(after, limit)
    .map((row) => ({ key: text(row, 'dedup'), box: text(row, 'box'), gone: Number(row['gone']) === 1 }));
}

/** The ledger must not say for ever that it waits. */
function endVanished(db: Sqlite, key: string, box: string, now: number): void {
  db.sql('update silo_ledger set outcome = ?, status = ?, reason = ?, end_time = ? where dedup = ?').run(
    VANISHED.outcome,
    VANISHED.status,
    VANISHED.reason,
    now,
    key,
  );
  noteChange(db, box, now);
}
