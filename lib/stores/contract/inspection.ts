/** One box, and one message, as an operator looks at them. */
import type { Message, Outcome, Place } from './message.ts';

/** A message with the bytes that count towards a quota. */
export interface BoxedMessage extends Message {
  readonly size: number;
}

/** What the ledger says of a message. */
export interface LedgerEntry {
  readonly key: string;
  readonly box: string;
  readonly incTime: number;
  /** 0: it waits. */
  readonly endTime: number;
  /** '': it waits. */
  readonly outcome: Outcome | '';
  readonly status: number;
  readonly reason: string;
}

/** What of messages is read: `facts` leaves out body and kept headers. */
export type Extent = 'facts' | 'whole';

export interface InspectionStore {
  /** All that waits in a box, also what may not be sent yet, in the order of sending: behind `after`, at most `limit`. */
  contents(box: string, extent: Extent, limit: number, after?: Place): Promise<readonly BoxedMessage[]>;
  /** What the ledger has with keys from `first` to `last`, in their order, at most `limit`. */
  ledgerBetween(first: string, last: string, limit: number): Promise<readonly LedgerEntry[]>;
  /** A message that waits; undefined: none does. */
  messageById(id: number): Promise<BoxedMessage | undefined>;
  messageByKey(key: string): Promise<BoxedMessage | undefined>;
  /** A dead letter, as it was when it waited. */
  deadById(id: number): Promise<BoxedMessage | undefined>;
  deadByKey(box: string, key: string): Promise<BoxedMessage | undefined>;
}
