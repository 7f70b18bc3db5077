/** Messages that are not to be sent before a set time. */
import type { Message, Place, End, Ended } from './message.ts';

export const CANCELLED: End = { outcome: 'erased', status: 0, reason: 'cancelled before its time' };

/** Messages that are not to be sent before a set time. */
export interface ReminderStore {
  /** Those whose time is still to come, by time, in pages: behind `after`, at most `limit`; of one box unless it is ''. */
  reminders(
    box: string,
    now: number,
    limit: number,
    after?: Pick<Place, 'sendTime' | 'id'>,
  ): Promise<readonly Message[]>;
  /** Ends those of these ids whose time is still to come; the ledger says `erased`. Returns those that were there. */
  cancel(ids: readonly number[], now: number): Promise<readonly Ended[]>;
}
