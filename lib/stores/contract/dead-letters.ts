/** Messages that could not be delivered, kept whole with their reason. */
import type { Ended } from './message.ts';

export interface DeadLetter extends Ended {
  readonly srcAddr: string;
  readonly status: number;
  readonly reason: string;
  readonly endTime: number;
}

/** Messages that could not be delivered, kept whole with their reason. */
export interface DeadLetterStore {
  /** Dead letters with an id above `after`, in order, at most `limit`; of one box only when `box` is not ''. */
  deadLetters(box: string, after: number, limit: number): Promise<readonly DeadLetter[]>;
  /**
   * Puts dead letters back into their boxes, with all attempts before them, in their old place; one that has expired
   * meanwhile gets until `expTime`. Returns those that were there.
   */
  replay(ids: readonly number[], expTime: number): Promise<readonly Ended[]>;
  /** Throws dead letters away; the ledger says `erased`. Returns those that were there. */
  dropDead(ids: readonly number[], now: number): Promise<readonly Ended[]>;
  /** Throws away at most `limit` dead letters that ended before `before`; the ledger keeps saying `dead`. */
  expireDead(before: number, limit: number): Promise<number>;
}
