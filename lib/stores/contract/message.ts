/** A message from its acceptance to its end. */

/** What one accepted MESSAGE for one recipient looks like before it is stored. */
export interface NewMessage {
  /** Identity of the message: 64 hex digits. A second `accept` with the same key stores nothing. */
  readonly key: string;
  /** Canonical AoR of the recipient. */
  readonly box: string;
  /** URI of the sender (Kamailio's `src_addr`) and display name, '' when there was none. */
  readonly srcAddr: string;
  readonly srcName: string;
  /** To URI (Kamailio's `dst_addr`) and display name. */
  readonly dstAddr: string;
  readonly dstName: string;
  /** Content-Type with its parameters as received; '' when there is no body. */
  readonly contentType: string;
  readonly body: Buffer;
  /** Kept end-to-end headers, each a line ending in CRLF (Kamailio's `extra_hdrs`). */
  readonly headers: string;
  /** Call-ID of the MESSAGE as it came in. */
  readonly callId: string;
  /** When it was accepted, when it expires, when it may be sent at the earliest (0: at once). */
  readonly incTime: number;
  readonly expTime: number;
  readonly sendTime: number;
  /** The sender's own Date when it is sane, else `incTime`. */
  readonly dateTime: number;
  /** Priority urgent or emergency (RFC 3842 counts these apart). */
  readonly urgent: boolean;
  /** Max-Forwards for its delivery (RFC 3261 20.22). */
  readonly hops: number;
  /** Earliest timed attempt; 0: waits for a registration. */
  readonly nextTime: number;
  /** Receipts (IMDN, RFC 5438) are a class of their own: they go after the messages and count on no lamp. */
  readonly kind: Kind;
  /** What a receipt is about: a newer one on the same thread replaces it; '' for none. */
  readonly thread: string;
  /**
   * The id of the key by which body and headers are encrypted: such a message can't be sent as it is. Undefined for what can be read, so
   * always where the store has the key.
   */
  readonly seal?: string | undefined;
}

export type Kind = 'message' | 'receipt';

/** A message that waits: a row of `silo`. */
export interface Message extends NewMessage {
  readonly id: number;
  /** Attempts so far, and those of them that count towards the limit because the device answered. */
  readonly attempts: number;
  readonly strikes: number;
  /** SIP status of the last attempt, 0 before the first. */
  readonly lastStatus: number;
  /** Devices that refused this message for good. */
  readonly refusedBy: readonly string[];
  /** Devices that have it, while others are still owed it. */
  readonly takenBy: readonly string[];
}

/** A place in the order of a box: messages before receipts, those without a time before those with one, then by id. */
export type Place = Pick<Message, 'kind' | 'sendTime' | 'id'>;

/** How a message can end. Everything but `delivered` is recorded with its reason. */
export type Outcome = 'delivered' | 'expired' | 'dead' | 'erased';

export interface End {
  readonly outcome: Outcome;
  /** Last SIP status, 0 when none. */
  readonly status: number;
  readonly reason: string;
}

export interface Ended {
  readonly id: number;
  readonly key: string;
  readonly box: string;
}

/** A message whose time is over: `delivered` when at least one of several devices had it. */
export interface Overdue {
  readonly message: Message;
  readonly outcome: 'expired' | 'delivered';
}

/** What a look for vanished rows found, and where the next one begins. */
export interface Vanished {
  readonly ended: readonly Omit<Ended, 'id'>[];
  readonly after: string;
}

/** How a message ends whose row another program (a Kamailio, an operator) has deleted. */
export const VANISHED = {
  outcome: 'erased',
  status: 0,
  reason: 'deleted by another program',
} as const satisfies End;

export interface Deferral {
  readonly nextTime: number;
  readonly status: number;
  /** Does this attempt count towards the limit? */
  readonly strike: boolean;
  /** A device that refused this message for good, to be remembered. */
  readonly refusedBy?: string;
  /** The time that the message had when the attempt began: an operator who has taken it up again since gave it another. */
  readonly since?: number;
}

export interface TailedMessage {
  readonly id: number;
  readonly box: string;
  readonly nextTime: number;
  readonly sendTime: number;
}

/** A message whose timed attempt is due. */
export interface Due {
  readonly id: number;
  readonly box: string;
  readonly nextTime: number;
}

/** A row that another program inserted and that has no box yet. */
export interface ForeignRow {
  readonly id: number;
  readonly username: string;
  readonly domain: string;
  readonly incTime: number;
  readonly expTime: number;
  readonly sendTime: number;
}

/** What adopting a foreign row fills in. */
export interface Adoption {
  readonly id: number;
  readonly key: string;
  readonly box: string;
  readonly incTime: number;
  readonly expTime: number;
}

/** How many messages ended in which way, and how many wait: accepted = the sum of all. */
export interface Ledger {
  readonly waiting: number;
  readonly delivered: number;
  readonly expired: number;
  readonly dead: number;
  readonly erased: number;
}
