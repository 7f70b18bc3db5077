/** What tells the nodes that a mailbox has changed. */
import type { Queries } from './link/transactions.ts';

/** Inside a transaction that changes the state of mailboxes: tells the watchers' nodes, where there are some. */
export async function noteChanges(
  tx: Queries,
  mailboxes: readonly string[],
  now: number,
  watchers = false,
): Promise<void> {
  if (mailboxes.length === 0) return;
  await tx.run(
    'insert into mwi_change (mailbox, watchers, at) select aor, ?, ? from mwi_mailbox where aor in (?)',
    [watchers ? 1 : 0, now, mailboxes],
  );
}
