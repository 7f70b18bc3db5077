/**
 * What an operator can ask of the silo, in code. Command line, HTTP and page are doors to these and have no logic of their own.
 *
 * An AoR is given as `user@host` or as a SIP URI; one that can't be read is refused with `SILO_REFUSED`, status 400. All times are epoch
 * seconds (UTC). Pages: a page names in `next` where the following one begins (an opaque text, to be given as `cursor`); without `next`
 * it was the last. A cursor that was not made by the same question is refused with `SILO_REFUSED`, status 400. A store that is away
 * rejects with `SILO_STORE_UNAVAILABLE`, status 503.
 */
import type { NodeState } from '../../node/node.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { DeviceState } from '../../stores/contract/devices.ts';
import type { Kind, Outcome } from '../../stores/contract/message.ts';

/** How boxes are listed: most messages first, longest waiting first, or by AoR. */
export type BoxOrder = 'waiting' | 'oldest' | 'name';

/** Why a box that holds mail is not being emptied just now. */
export type StuckReason =
  'no-device' | 'unreachable' | 'elsewhere' | 'back-off' | 'refused' | 'lease' | 'quarantine';

/** What the engine knows of a box that is not being emptied. A box whose only messages have a time that is still to come is not stuck. */
export interface Stuck {
  /**
   * - `no-device`: nobody is registered who takes messages
   * - `unreachable`: a device is registered that no request can get to; `text` says why
   * - `elsewhere`: its devices have registered at another drachtio-server, whose node will send
   * - `back-off`: the last attempt failed; tried again at `until`
   * - `refused`: each registered device has refused the first message for good: `by`
   * - `quarantine`: nothing may be sent from any box
   * - `lease`: another node (`node`) serves it just now, until `until` unless it goes on
   */
  readonly reason: StuckReason;
  /** The same as a sentence. */
  readonly text: string;
  readonly until?: number;
  /** SIP status of the last attempt. */
  readonly status?: number;
  /** Devices that refused. */
  readonly by?: readonly string[];
  readonly node?: string;
}

/** A box as a list has it. */
export interface BoxEntry {
  readonly aor: string;
  /** Messages and receipts that wait, those with a time to come, too. */
  readonly waiting: number;
  /** When the first accepted of them was accepted. */
  readonly oldest: number;
  readonly stuck?: Stuck;
}

export interface BoxQuery {
  /** Default: `waiting`. */
  readonly order?: BoxOrder;
  /** Of this domain alone. */
  readonly domain?: string;
  /** Only stuck ones; with a reason only those. Such a page may have fewer boxes than `limit`, or none, and yet a `next`. */
  readonly stuck?: boolean | StuckReason;
  /** 1 to 500; default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface BoxPage {
  readonly boxes: readonly BoxEntry[];
  readonly next?: string;
  /**
   * Figures of `waiting` and `oldest` are counted aside, seconds after what changes them (docs/operations.md): when all boxes had been
   * counted last. 0: not yet, since this database is new to this version; the list may lack boxes until then.
   */
  readonly counted: number;
}

export interface BoxCounts {
  readonly boxes: number;
  readonly messages: number;
  readonly counted: number;
}

/** A waiting message as an operator sees it. */
export interface ShownMessage {
  readonly id: number;
  /** What tells it apart for ever: 64 hex digits. */
  readonly key: string;
  readonly aor: string;
  readonly kind: Kind;
  /** URIs of From and To. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly contentType: string;
  /** Bytes of body and kept headers. */
  readonly size: number;
  readonly accepted: number;
  readonly expires: number;
  /** Not to be sent before; 0: at once. */
  readonly sendAt: number;
  /** Next timed attempt; 0: when a device registers. */
  readonly nextAttempt: number;
  readonly attempts: number;
  /** SIP status of the last one; 0 before the first. */
  readonly lastStatus: number;
  readonly refusedBy: readonly string[];
  readonly takenBy: readonly string[];
  /** Its body is encrypted with a key that this process does not have. */
  readonly sealed: boolean;
  /** Only when asked for: kept headers, each a line ending in CRLF, and the body byte by byte. */
  readonly headers?: string;
  readonly body?: Buffer;
}

/** One box with a page of its messages, in the order in which they leave. */
export interface ShownBox extends BoxEntry {
  readonly messages: readonly ShownMessage[];
  readonly next?: string;
}

/** What an operator can do with boxes. */
export interface BoxOperations {
  list(query?: BoxQuery): Promise<BoxPage>;
  /** How many boxes hold mail, and how many messages wait in them. */
  count(query?: { readonly domain?: string }): Promise<BoxCounts>;
  /** One box, counted now (one of more than 5,000 messages: seconds ago); an empty one has `waiting` 0. `limit`: 1 to 500, default 50. Bodies only with `bodies`. */
  show(
    aor: string,
    query?: { readonly bodies?: boolean; readonly limit?: number; readonly cursor?: string },
  ): Promise<ShownBox>;
  /**
   * Tries everything in it that has no time to come at once, on whichever node reaches a device: back-offs are over, the count towards the limit of
   * attempts begins anew, and devices that refused are asked again. Returns how many messages wait for that.
   */
  requeue(aor: string): Promise<number>;
  /**
   * Ends its messages, or those of them with these ids, as `erased`, "removed by an operator". Their senders get no receipt, as with other
   * erased messages. Returns how many there were.
   */
  remove(aor: string, which?: { readonly ids?: readonly number[] }): Promise<number>;
  /**
   * Puts its messages into another box, in their order and with what repeats are known by; no quota counts. Refused with `SILO_REFUSED`, status
   * 409, while a node serves the box: try again. Returns how many there were.
   */
  move(from: string, to: string): Promise<number>;
}

/** One thing that happened to a message. */
export interface WayStep {
  /** 0: not known. */
  readonly at: number;
  readonly what: 'accepted' | 'attempt' | 'moved' | 'ended';
  /** Of an attempt: to which contact, and the SIP status that came back. */
  readonly contact?: string;
  readonly status?: number;
  readonly text: string;
}

/** A message and its whole way. */
export interface MessageWay {
  readonly key: string;
  readonly aor: string;
  /** Row id; undefined when it ended before this process began. */
  readonly id?: number;
  readonly state: 'waiting' | Outcome;
  readonly accepted: number;
  /** 0: it waits. */
  readonly ended: number;
  /** Last SIP status and why it ended. */
  readonly status: number;
  readonly reason: string;
  /** The message itself, while it waits. */
  readonly message?: ShownMessage;
  /** What is known of its way, in order; each single attempt only as far as this node has made it since its start. */
  readonly steps: readonly WayStep[];
}

/** What an operator can ask about messages. */
export interface MessageOperations {
  /**
   * By id, by key, or by the Call-ID of the MESSAGE as it came in, for as long as the ledger keeps it (`keepLedger`): all that there are, the
   * latest first, since one Call-ID may have had several recipients. By id only while it waits or is a dead letter, or this process has seen it.
   * Messages accepted before version 0.2 are found by Call-ID only while this process remembers them. Empty: unknown.
   */
  show(which: number | string, query?: { readonly bodies?: boolean }): Promise<readonly MessageWay[]>;
}

/** A device that is known, or registered, or both. */
export interface ShownDevice extends Omit<DeviceState, 'firstSeen'> {
  /** 0: it is registered, and nothing is stored about it. */
  readonly firstSeen: number;
  readonly registered: boolean;
  /** No request can get to it: why. */
  readonly unreachable?: string;
}

export interface DeviceOperations {
  /** The devices of an AoR; what each is owed is the box, where every device gets every message. */
  list(aor: string): Promise<readonly ShownDevice[]>;
}

export interface BindingOperations {
  /** Unexpired bindings, as the registrar knows them (of a host app with one of its own: those that this node has seen). */
  list(aor: string): Promise<readonly Binding[]>;
}

/** A box that a node serves just now. */
export interface HeldLease {
  readonly aor: string;
  readonly until: number;
}

/** A node, and the boxes that it serves just now: at most 100 of them. */
export interface ShownNode extends NodeState {
  readonly leases: readonly HeldLease[];
}

export interface NodeOperations {
  /** The nodes of this database, and which of them live. */
  list(): Promise<readonly ShownNode[]>;
}

/** One thing that is stored about a person, ready for JSON. */
export interface PersonRecord {
  /** The table that it stands in, in singular words. */
  readonly kind:
    | 'message'
    | 'dead-letter'
    | 'ledger'
    | 'binding'
    | 'device'
    | 'publication'
    | 'subscription'
    | 'mailbox'
    | 'user';
  readonly table: string;
  /** `recipient`: the row is this person's; `sender`: this person wrote it to somebody else. */
  readonly as: 'recipient' | 'sender';
  /** The columns; a body is text where it is UTF-8, else `{ base64 }`, and opened where this process has its key. Secrets of users are left out. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What went from one table. */
export interface ErasedRows {
  readonly table: string;
  readonly rows: number;
}

export interface ErasedPerson {
  readonly aor: string;
  /** Each table that may name an AoR, also where nothing was found. */
  readonly erased: readonly ErasedRows[];
  /** What an operator has yet to do, sentences: backups, logs, a compacting. */
  readonly left: readonly string[];
}

/** A person, whole. */
export interface PersonOperations {
  /** Everything that is stored about an AoR, as recipient and as sender, one record at a time: for `JSON.stringify` line by line. */
  export(aor: string): AsyncIterable<PersonRecord>;
  /**
   * Erases everything of an AoR: messages to it and from it, dead letters, ledger, bindings, devices, publications, subscriptions, its user.
   * Watchers of its mailbox are told that it is gone. With `compact` an SQLite file is rewritten, so that not even freed pages hold it; that
   * takes a second for each 100 MB, in which nothing else is stored. May be repeated.
   */
  erase(aor: string, options?: { readonly compact?: boolean }): Promise<ErasedPerson>;
}

/** All of them. */
export interface QuarantineOperations {
  /** Since when no node may send from a box; 0: they may. */
  since(): Promise<number>;
  /** From now on none does: each node hears of it within two seconds. What comes is stored. Returns since when. */
  begin(): Promise<number>;
  /** What waits is sent. False: there was none. */
  end(): Promise<boolean>;
}

export interface Operations {
  readonly boxes: BoxOperations;
  readonly messages: MessageOperations;
  readonly devices: DeviceOperations;
  readonly bindings: BindingOperations;
  readonly nodes: NodeOperations;
  readonly persons: PersonOperations;
  readonly quarantine: QuarantineOperations;
}
