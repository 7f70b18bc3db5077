/** The texts that the watchers of a mailbox are told now. All that ask at the same time share one read of the store. */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { GroupCommit } from '../../stores/shared/group-commit.ts';
import type { MwiStore } from '../../stores/contract/mwi.ts';
import { summaryOf, withAccount } from './compose.ts';
import type { MwiSettings } from '../request/options.ts';
import { formatSummary, type Summary } from '../summary/summary.ts';

const log = logger('mwi:mailbox');

interface Texts {
  readonly plain: string;
  /** For those who subscribed under another name: with Message-Account. */
  readonly aliased: string;
}

export interface Summaries {
  /** The state as it is after this call began. */
  read(mailbox: string): Promise<Texts>;
}

export function createSummaries(store: MwiStore, settings: MwiSettings, now: () => number): Summaries {
  const reads = new GroupCommit<string, Texts>(async (mailboxes) => {
    const states = await store.mailboxStates([...new Set(mailboxes)], now());
    const texts = new Map(
      states.map((state) => {
        const summary = summaryOf(state, settings);
        const plain = write(summary, state.mailbox, settings);
        const aliased = write(withAccount(summary, state.mailbox), state.mailbox, settings);
        return [state.mailbox, { plain, aliased }];
      }),
    );
    return mailboxes.map((mailbox) => texts.get(mailbox) ?? NEUTRAL);
  }, 500);
  return { read: (mailbox) => reads.add(mailbox) };
}

/** An account that can't be written is left out: the counts are told all the same. */
export function write(summary: Summary, mailbox: string, settings: Pick<MwiSettings, 'format'>): string {
  try {
    return formatSummary(summary, settings.format);
  } catch (error) {
    log.warn(`the account of ${mailbox} is left out: ${textOf(error)}`);
    const { waiting, counts, messages } = summary;
    return formatSummary({ waiting, counts, messages }, settings.format);
  }
}

const NEUTRAL: Texts = { plain: 'Messages-Waiting: no\r\n', aliased: 'Messages-Waiting: no\r\n' };
