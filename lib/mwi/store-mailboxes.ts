/** What mailboxes say, asked by a process that serves no SIP: a command, a job. */
import { epochSeconds } from '../base/clock.ts';
import { checkOptions } from '../options/check.ts';
import type { MwiStore } from '../stores/contract/mwi.ts';
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
  store: Pick<MwiStore, 'mailboxStates' | 'usedMailboxes' | 'watchersOf'>,
  options: { readonly mwi?: MwiOptions; readonly now?: () => number } = {},
): MailboxOperations {
  const { now = epochSeconds, mwi = {} } = options;
  return createMailboxOperations({ store, settings: checkOptions(mwiOptions, mwi), now });
}
