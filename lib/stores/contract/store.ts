/**
 * The vocabulary of storage and the one interface behind which SQLite and MySQL/MariaDB stand.
 *
 * Words (docs/architecture.md): an AoR is `user@host` in canonical form; a *box* is an AoR's part of the
 * silo; a *lease* is the right of one node to serve a box, its *fence* the number that makes a stale
 * node's writes void. All times are epoch seconds (UTC).
 */
import type { Binding } from '../../sip/read/binding.ts';
import type { MwiStore } from './mwi-store.ts';
import type { NodeStore } from './node-store.ts';

export type * from './mwi-store.ts';
export type * from './node-store.ts';

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
}

export type Kind = 'message' | 'receipt';

/** How much may wait; 0: no limit. Bytes are those of bodies and kept headers. */
export interface Quota {
  readonly messages: number;
  readonly bytes: number;
}

/** What to do when there is no room: refuse the new one, or make room. */
export const OVERFLOWS = ['reject', 'drop-oldest', 'drop-receipts'] as const;
export type Overflow = (typeof OVERFLOWS)[number];

/** What must hold when a message is accepted; decided in the transaction that stores it. */
export interface AcceptRules {
  readonly box: Quota;
  readonly domain: Quota;
  readonly overflow: Overflow;
  /** Receipts that may wait in one box, whatever the quota: the oldest gives way; 0: no limit. */
  readonly receipts: number;
  /** Threads whose waiting receipts this one replaces. */
  readonly replaces: readonly string[];
}

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

export interface Accepted {
  /** False when a message with this key was accepted before (whatever became of it since). */
  readonly stored: boolean;
  /** Row id; 0 when nothing was stored. */
  readonly id: number;
  /** Why there is no room for it: a sentence. Nothing was stored then. */
  readonly full?: string;
  /** Waiting messages that made room for it or were replaced by it; they have ended. */
  readonly dropped?: readonly Dropped[];
}

export interface Lease {
  readonly box: string;
  readonly owner: string;
  readonly fence: number;
}

/** The lease, or for how many more seconds somebody else holds it. */
export type Claim = { readonly lease: Lease } | { readonly heldFor: number };

/** How a message can end. Everything but `delivered` is recorded with its reason. */
export type Outcome = 'delivered' | 'expired' | 'dead' | 'erased';

export interface End {
  readonly outcome: Outcome;
  /** Last SIP status, 0 when none. */
  readonly status: number;
  readonly reason: string;
}

export interface Deferral {
  readonly nextTime: number;
  readonly status: number;
  /** Does this attempt count towards the limit? */
  readonly strike: boolean;
  /** A device that refused this message for good, to be remembered. */
  readonly refusedBy?: string;
}

export interface Ended {
  readonly id: number;
  readonly key: string;
  readonly box: string;
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

/** A waiting message that gave way: `delivered` when at least one of several devices had it. */
export interface Dropped extends Ended {
  readonly outcome: 'erased' | 'delivered';
  readonly reason: string;
}

/** A message whose time is over: `delivered` when at least one of several devices had it. */
export interface Overdue {
  readonly message: Message;
  readonly outcome: 'expired' | 'delivered';
}

/** How far a device is, where every device gets every message. */
export interface DeviceState {
  readonly device: string;
  readonly firstSeen: number;
  /** Not owed anything after this; 0: it is known only while it is registered. */
  readonly until: number;
  /** The back-off of its first message. */
  readonly attempts: number;
  readonly strikes: number;
  readonly nextTime: number;
  readonly lastStatus: number;
}

/** What a REGISTER does to the bindings of one AoR. */
export interface BindingChange {
  readonly put: readonly Binding[];
  /** Contacts to remove. */
  readonly drop: readonly string[];
}

/** How many messages ended in which way, and how many wait: accepted = the sum of all. */
export interface Ledger {
  readonly waiting: number;
  readonly delivered: number;
  readonly expired: number;
  readonly dead: number;
  readonly erased: number;
}

export const EMPTY_LEDGER: Ledger = { waiting: 0, delivered: 0, expired: 0, dead: 0, erased: 0 };

export interface DeadLetter extends Ended {
  readonly srcAddr: string;
  readonly status: number;
  readonly reason: string;
  readonly endTime: number;
}

/**
 * Storage. Every method either has happened durably when its promise resolves, or rejects with
 * `SILO_STORE_UNAVAILABLE` (status 503) and has happened not at all or may be repeated safely.
 */
export interface Store
  extends SiloStore, ReminderStore, DeviceStore, DeadStore, LeaseStore, BindingStore, MwiStore, NodeStore {
  /** The store without its password, for the ready line and the logs. */
  readonly name: string;
  /** Rejects when the database can't be used now. */
  ping(): Promise<void>;
  /** Settings of the database by which something acknowledged could be lost: sentences that say found, wanted, do. */
  warnings(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Messages that wait, and how they ended. */
export interface SiloStore {
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

  /** Unexpired messages of a box that may be sent now, in order, at most `limit`: those behind `after`. */
  waiting(
    box: string,
    now: number,
    limit: number,
    after?: Place,
    /** Without those that this device has or has refused for good. */
    device?: string,
  ): Promise<readonly Message[]>;
  /** Does the box hold any such message? Asked for each live message, since another node may have stored one. */
  holdsMail(box: string, now: number): Promise<boolean>;
  /**
   * Ends a message. False, and nothing changed, when the lease is stale or the message is gone. One that gave way to
   * another while a device took it was delivered, and the ledger says so from then on.
   */
  settle(lease: Lease, message: Ended, end: End): Promise<boolean>;
  /** Keeps a message for later. False when the lease is stale or the message is gone. */
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
  ledger(): Promise<Ledger>;
}

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

export const CANCELLED: End = { outcome: 'erased', status: 0, reason: 'cancelled before its time' };

/** Who has what, where every device gets every message. */
export interface DeviceStore {
  /** The device has the message, others are still owed it. False when the lease is stale or the message is gone. */
  take(lease: Lease, id: number, device: string): Promise<boolean>;
  /** The same without a lease, by the message's key: a late answer. False when the message is gone. */
  takeByKey(key: string, device: string): Promise<boolean>;
  /** The devices of a box that are known, or have a back-off. */
  deviceStates(box: string): Promise<readonly DeviceState[]>;
  /** The device is known until then. Its back-off and when it was first seen stay. */
  knowDevice(box: string, device: string, now: number, until: number): Promise<void>;
  /** Sets the back-off of a device; zeros end it. False when the lease is stale. */
  holdDevice(
    lease: Lease,
    device: string,
    now: number,
    hold: Pick<DeviceState, 'attempts' | 'strikes' | 'nextTime' | 'lastStatus'>,
  ): Promise<boolean>;
  /** Boxes with a device whose back-off ends at `until` or before, with that time, the earliest first. */
  dueDevices(until: number, limit: number): Promise<readonly Due[]>;
  /** Back-offs of this box that have ended are over; the devices wait for a registration. */
  parkDevices(box: string, now: number): Promise<void>;
  /** Forgets at most `limit` devices that are not owed anything any more. */
  forgetDevices(now: number, limit: number): Promise<number>;
}

/** Messages that could not be delivered, kept whole with their reason. */
export interface DeadStore {
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

/** Who serves which box. */
export interface LeaseStore {
  /** Takes or refuses the lease of a box, by the database's clock. A new lease has a higher fence. */
  claim(box: string, owner: string, seconds: number): Promise<Claim>;
  /** Prolongs every lease of this owner. */
  renew(owner: string, seconds: number): Promise<void>;
  /**
   * At most `limit` boxes whose lease has run out (their node died while it served them); they are free then. Those of
   * `owner`, who asks, are left alone: it lives, and a clock may have jumped.
   */
  orphans(owner: string, limit: number): Promise<readonly string[]>;
  /** Ends a lease; a stale one is left alone. */
  release(lease: Lease): Promise<void>;
}

/** The bindings of the built-in registrar. */
export interface BindingStore {
  /** Unexpired bindings of an AoR. */
  bindings(aor: string, now: number): Promise<readonly Binding[]>;
  /** Those of the AoRs that have an unexpired binding. */
  registeredAmong(aors: readonly string[], now: number): Promise<readonly string[]>;
  /**
   * Changes the bindings of an AoR in one step: `change` sees the unexpired ones and may throw to refuse.
   * Returns the bindings afterwards. `change` may be called again after a deadlock.
   */
  register(
    aor: string,
    now: number,
    change: (current: readonly Binding[]) => BindingChange,
  ): Promise<readonly Binding[]>;
  /** Removes bindings that expired before `now`. */
  expireBindings(now: number, limit: number): Promise<number>;
}
