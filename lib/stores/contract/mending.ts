/** What an operator changes in a box. */
import type { End, Ended, Message } from './message.ts';

export const REMOVED: End = { outcome: 'erased', status: 0, reason: 'removed by an operator' };

export interface MendingStore {
  /**
   * All that may be sent now is tried at once: back-offs of messages and devices are over, strikes and refusals forgotten. Returns how many
   * messages that is.
   */
  requeue(box: string, now: number): Promise<number>;
  /** Ends at most `limit` messages of a box, those with these ids where some are named. Returns those that there were. */
  removeFrom(
    box: string,
    ids: readonly number[] | undefined,
    end: End,
    limit: number,
  ): Promise<readonly Ended[]>;
  /** Puts messages of a box into those that they name now, to be tried at once. Returns those that were still there. */
  moveFrom(box: string, messages: readonly Message[], now: number): Promise<readonly Ended[]>;
}
