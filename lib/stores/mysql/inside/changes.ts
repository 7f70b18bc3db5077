/** The rows of mailboxes that somebody watches or publishes for, and what tells the nodes that one has changed. */
import { GroupCommit } from '../../shared/group-commit.ts';
import { inOrder } from '../link/locks.ts';
import type { Queries } from '../link/transaction.ts';
import type { Mysql } from '../link/transactions.ts';

/**
 * Makes the rows of mailboxes, and locks them until the end of the transaction: whoever changes publications or subscriptions
 * of a mailbox holds its row, so nobody else adds one meanwhile.
 */
export async function holdMailboxes(tx: Queries, mailboxes: Iterable<string>, now: number): Promise<void> {
  const rows = inOrder(mailboxes).map((mailbox) => [mailbox, now]);
  if (rows.length === 0) return;
  await tx.run('insert into mwi_mailbox (aor, seen) values ? on duplicate key update seen = values(seen)', [
    rows,
  ]);
}

/** Mailboxes whose changes are wanted: those that are named at once share a statement. */
export function createWatching(db: Mysql): GroupCommit<readonly [mailbox: string, now: number], undefined> {
  return new GroupCommit((items) =>
    db.transaction(async (tx) => {
      const [, now] = items.at(-1) ?? ['', 0];
      await holdMailboxes(
        tx,
        items.map(([mailbox]) => mailbox),
        now,
      );
      return items.map(() => undefined);
    }, 'repeatable'),
  );
}

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
