/** What tells the nodes that a mailbox has changed. */
import type { Sqlite } from './database.ts';

/** Inside a transaction that changes the state of a mailbox: tells the watchers' nodes, where there is one. */
export function noteChange(db: Sqlite, mailbox: string, now: number, watchers = false): void {
  db.sql(
    'insert into mwi_change (mailbox, watchers, at) select aor, ?, ? from mwi_mailbox where aor = ?',
  ).run(watchers ? 1 : 0, now, mailbox);
}
