/** What an operator can ask of the lamps, in code. Times are epoch seconds (UTC); pages and errors are as those of the silo. */
import type { WaitingCounts } from '../../stores/contract/mwi.ts';

/** A mailbox that somebody watches or publishes for. */
export interface MailboxEntry {
  readonly aor: string;
  /** Does its lamp shine? */
  readonly waiting: boolean;
  /** The summary as a NOTIFY says it (RFC 3842), lines ending in CRLF. */
  readonly text: string;
  /** Last SUBSCRIBE, PUBLISH or registration. */
  readonly seen: number;
}

export interface MailboxPage {
  readonly mailboxes: readonly MailboxEntry[];
  readonly next?: string;
}

/** One contributor to a summary. */
export interface MailboxSource {
  /** `publication`: a live one (RFC 3903); `silo`: the messages that wait in the box. */
  readonly kind: 'publication' | 'silo';
  /** The publisher's AoR or URI, `silo` for the silo. */
  readonly name: string;
  /** Does it count, by the options `compose`, `priority` and `showSilo`? */
  readonly counts: boolean;
  /** Of a publication: its entity-tag, its summary, when it expires, when its body changed last. */
  readonly tag?: string;
  readonly text?: string;
  readonly expires?: number;
  readonly changed?: number;
}

/** The last NOTIFY to a watcher, as far as this node has sent it. */
export interface LastNotify {
  readonly at: number;
  /** Its body; undefined when the state could not be read. */
  readonly text: string | undefined;
  readonly status: number;
  readonly reason: string;
}

/** Somebody who is told. */
export interface MailboxWatcher {
  /** `unsolicited`: a registered device that is told without a subscription (option `unsolicited`). */
  readonly kind: 'subscription' | 'unsolicited';
  readonly id: string;
  /** URI of the watcher, and the Contact of the phone. */
  readonly watcher: string;
  readonly contact: string;
  /** Of its SUBSCRIBE, or its REGISTER. */
  readonly callId: string;
  readonly expires: number;
  /** The node that serves it; '' where that is not known. */
  readonly node: string;
  /** Where the subscription stands, or what is sent to the device; undefined when another node serves it. */
  readonly state?: string;
  readonly lastNotify?: LastNotify;
}

/** A mailbox, whole. */
export interface ShownMailbox extends Omit<MailboxEntry, 'seen'> {
  readonly counts: WaitingCounts;
  readonly sources: readonly MailboxSource[];
  /** At most 100. */
  readonly watchers: readonly MailboxWatcher[];
  /** Why it says what it says: sentences. */
  readonly why: readonly string[];
}

export interface MailboxOperations {
  /** Mailboxes by AoR, behind `cursor`; `limit`: 1 to 500, default 50. */
  list(query?: { readonly limit?: number; readonly cursor?: string }): Promise<MailboxPage>;
  /** One mailbox; one that nobody uses is the neutral one, without sources but the silo. */
  show(aor: string): Promise<ShownMailbox>;
}
