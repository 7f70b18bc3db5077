/** What mailboxes say, asked by a process that serves no SIP: a command, a job. */
import { epochSeconds } from '../base/clock.ts';
import { checkOptions } from '../options/check.ts';
import type { BindingStore } from '../stores/contract/bindings.ts';
import type { MwiStore } from '../stores/contract/mwi.ts';
import { unsolicitedWatchers } from './notify/unsolicited.ts';
import { mwiOptions, type MwiOptions } from './request/options.ts';
import type { MailboxOperations } from './state/mailboxes.ts';
import { createMailboxOperations } from './state/show-mailboxes.ts';

/**
 * @param options as the nodes have them
 * @example
 * const mailboxes = createStoreMailboxes(await openStore('sqlite:./silo.db'));
 * const { text, why } = await mailboxes.show('bob@example.org');
 */
export function createStoreMailboxes(
  store: Pick<MwiStore, 'mailboxStates' | 'usedMailboxes' | 'watchersOf'> & Pick<BindingStore, 'bindings'>,
  options: { readonly mwi?: MwiOptions; readonly now?: () => number } = {},
): MailboxOperations {
  const { now = epochSeconds, mwi = {} } = options;
  const settings = checkOptions(mwiOptions, mwi);
  return createMailboxOperations({
    store,
    settings,
    now,
    unsolicited: async (mailbox, rows) =>
      settings.unsolicited === 'off' ? [] : unsolicitedWatchers(await store.bindings(mailbox, now()), rows),
  });
}
