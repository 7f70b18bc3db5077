/** The part of a store that keeps the messages that wait. */
import type { AcceptRules, Accepted } from './accept.ts';
import type { Lease } from './leases.ts';
import type {
  NewMessage,
  Message,
  Place,
  End,
  Ended,
  Overdue,
  Vanished,
  Deferral,
  TailedMessage,
  Due,
  ForeignRow,
  Adoption,
  Ledger,
} from './message.ts';

/** Some of the messages of a box. */
interface Which {
  /** Those behind this place. */
  readonly after?: Place | undefined;
  /** Without those that this device has or has refused for good. */
  readonly device?: string;
}

/** Messages that wait, and how they ended. */
export interface MessageStore {
  /** Commits the message, together with others that arrive meanwhile. A repeated key stores nothing. */
  accept(message: NewMessage, rules?: AcceptRules): Promise<Accepted>;
  /**
   * Commits all of these in one transaction, in their order: they were accepted elsewhere, so no quota counts. For each, whether it was
   * new; a known key stores nothing. When one has a value that can't be stored none is.
   */
  acceptAll(messages: readonly NewMessage[]): Promise<readonly boolean[]>;

  /** The boxes that hold mail, in pages: those after `after` in text order, at most `limit`. */
  boxes(after: string, limit: number): Promise<readonly string[]>;
  /** The highest row id, 0 when empty. */
  lastId(): Promise<number>;
  /** When the message that waits longest was accepted, by its row; 0: none waits. */
  oldest(): Promise<number>;
  /** Rows with an id above `after`, in order, at most `limit`. */
  tail(after: number, limit: number): Promise<readonly TailedMessage[]>;
  /** Rows that another program inserted and nobody adopted yet. */
  foreign(limit: number): Promise<readonly ForeignRow[]>;
  /** Gives foreign rows their box and key. Adopting twice changes nothing. */
  adopt(adoptions: readonly Adoption[]): Promise<void>;
  /** Timed attempts that are due, by time, in pages: those after `after`, at most `limit`. */
  due(now: number, after: Due | undefined, limit: number): Promise<readonly Due[]>;
  /** Timed attempts of this box that are due are put off `until` then; 0: it waits for a registration again. */
  park(box: string, now: number, until: number): Promise<void>;

  /** Unexpired messages of a box that may be sent now, in order, at most `limit`. */
  waiting(box: string, now: number, limit: number, which?: Which): Promise<readonly Message[]>;
  /** Does the box hold any such message? Asked for each live message, since another node may have stored one. */
  holdsMail(box: string, now: number): Promise<boolean>;
  /**
   * Ends a message. False, and nothing changed, when the lease is stale or the message is gone. One that gave way to
   * another while a device took it was delivered, and the ledger says so from then on.
   */
  settle(lease: Lease, message: Ended, end: End): Promise<boolean>;
  /**
   * Keeps a message for later. False, and nothing changed, when the lease is stale, the message is gone, or an operator has taken it up
   * again since the attempt began.
   */
  defer(lease: Lease, id: number, deferral: Deferral): Promise<boolean>;
  /** Ends a message by its key, without a lease: a late answer of a live attempt. Undefined when it is gone. */
  settleByKey(key: string, end: End): Promise<Ended | undefined>;
  /** Ends at most `limit` messages whose time is over, unless a lane holds their box just now. */
  expire(now: number, limit: number): Promise<readonly Overdue[]>;
  /**
   * Ends, as `erased`, messages that wait by the ledger and whose row another program has deleted. Looks at `limit` of
   * them, by key, those after `after`; call it again with the `after` of the result, which is '' at the end of the ledger.
   */
  endVanished(after: string, limit: number): Promise<Vanished>;
  /** Forgets ends (and with them the memory of repeats) older than `before`; dead letters stay. */
  forget(before: number, limit: number): Promise<number>;
  /** Forgets at most `limit` of the turns that were taken to count a box or a domain, the last time before `before`. */
  forgetTurns(before: number, limit: number): Promise<number>;
  /** How many messages wait, and how many ended in which way. */
  ledger(): Promise<Ledger>;
}
