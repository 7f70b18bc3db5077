/** Storage of message-waiting lamps: publications, subscriptions, and what changed. All times are epoch seconds (UTC). */

/** One live publication (RFC 3903). */
export interface Publication {
  readonly tag: string;
  readonly mailbox: string;
  /** From of the PUBLISH, as a canonical AoR where it is one. */
  readonly publisher: string;
  /** The summary in its canonical form (RFC 3842). */
  readonly body: string;
  readonly expires: number;
  /** A later change of the body has a higher stamp. */
  readonly stamp: number;
}

/** What a PUBLISH does. */
export interface PublicationChange {
  readonly mailbox: string;
  readonly publisher: string;
  /** An initial PUBLISH takes the place of what its publisher has published for this mailbox before. */
  readonly replace: boolean;
  /** SIP-If-Match; undefined for an initial PUBLISH. */
  readonly ifMatch: string | undefined;
  /** The new entity-tag. */
  readonly tag: string;
  /** Not after `now`: nothing stays. */
  readonly expires: number;
  /** Undefined: the stored one stays. */
  readonly body: string | undefined;
  readonly now: number;
}

/** `unmatched`: no live publication has this entity-tag (412). `kept`: nothing that a watcher could see has changed. */
export type PublicationResult = 'unmatched' | 'kept' | 'changed';

/** Messages of the silo that wait in a box. */
export interface WaitingCounts {
  readonly messages: number;
  /** Those of them with Priority urgent or emergency. */
  readonly urgent: number;
}

/** All that a mailbox's summary is made of. */
export interface MailboxState {
  readonly mailbox: string;
  readonly publications: readonly Publication[];
  readonly waiting: WaitingCounts;
}

/** One subscription (RFC 6665) with the facts of its dialog. */
export interface Subscription {
  readonly id: string;
  readonly mailbox: string;
  /** `id` of the Event header, '' when there is none. */
  readonly eventId: string;
  /** What tells phones apart. */
  readonly device: string;
  readonly node: string;
  readonly run: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To of a NOTIFY, without tags. */
  readonly local: string;
  readonly remote: string;
  /** The phone's Contact URI. */
  readonly target: string;
  /** Record-Route entries, the first hop from us first. */
  readonly routes: readonly string[];
  readonly source: { readonly address: string; readonly port: number; readonly protocol: string };
  /** Our own Contact, as a header value. */
  readonly contact: string;
  readonly remoteCseq: number;
  /** The highest CSeq that a NOTIFY of this dialog had at `updated`. */
  readonly localCseq: number;
  /** Subscribed under another name than the mailbox's AoR. */
  readonly aliased: boolean;
  /** A refresh has moved the target or the way to it, which drachtio-server does not follow. */
  readonly moved: boolean;
  readonly expires: number;
  readonly updated: number;
}

/** What a refresh changes. */
export type SubscriptionRefresh = Pick<
  Subscription,
  'target' | 'remoteCseq' | 'localCseq' | 'expires' | 'updated' | 'source' | 'moved'
>;

export interface MailboxChange {
  readonly id: number;
  readonly mailbox: string;
  /** A subscription was replaced: whoever serves the old one must let it go. */
  readonly watchers: boolean;
}

/** A mailbox that somebody watches or publishes for. */
interface UsedMailbox {
  readonly mailbox: string;
  /** Last SUBSCRIBE, PUBLISH or registration. */
  readonly seen: number;
}

export interface MwiStore {
  /** The state of each mailbox, in the order asked; unknown ones are empty. */
  mailboxStates(mailboxes: readonly string[], now: number): Promise<readonly MailboxState[]>;
  /** Mailboxes that are used, in text order: those behind `after`, at most `limit`. */
  usedMailboxes(after: string, limit: number): Promise<readonly UsedMailbox[]>;
  /** Who watches this mailbox, in one order, at most `limit`. */
  watchersOf(mailbox: string, limit: number): Promise<readonly Subscription[]>;
  /** Applies a PUBLISH; those for one mailbox in the order of the calls, also across nodes one after the other. */
  publish(change: PublicationChange): Promise<PublicationResult>;
  /** Removes expired publications; returns their mailboxes. */
  expirePublications(now: number, limit: number): Promise<readonly string[]>;

  /** Stores a subscription and removes (and returns) those of the same device, mailbox and Event id. */
  subscribe(subscription: Subscription): Promise<readonly Subscription[]>;
  /** False when it is gone. */
  refreshSubscription(id: string, refresh: SubscriptionRefresh): Promise<boolean>;
  unsubscribe(ids: readonly string[]): Promise<void>;
  /** The runs of this node that have subscriptions. */
  subscribedRuns(node: string): Promise<readonly string[]>;
  /** Subscriptions of one run of a node with an id above `after`, in order, at most `limit`. */
  subscriptionsOf(node: string, run: string, after: string, limit: number): Promise<readonly Subscription[]>;
  /** Makes those of these subscriptions that `from` still has those of `to`; returns their ids. Of two takers one gets each. */
  takeSubscriptions(
    ids: readonly string[],
    from: string,
    to: Pick<Subscription, 'node' | 'run'>,
  ): Promise<ReadonlySet<string>>;
  /** Which of these mailboxes' subscriptions exist: their ids. */
  subscriptionIds(mailboxes: readonly string[]): Promise<ReadonlySet<string>>;
  /** Removes subscriptions that ended before `before` and that nobody ended (their node died). */
  expireSubscriptions(before: number, limit: number): Promise<number>;

  /** Changes of these mailboxes are wanted although nobody subscribes (unsolicited NOTIFY). */
  watchMailbox(mailbox: string, now: number): Promise<void>;
  /** Changes with an id above `after`, in order, at most `limit`. */
  mailboxChanges(after: number, limit: number): Promise<readonly MailboxChange[]>;
  lastMailboxChange(): Promise<number>;
  /** Watched boxes whose count changed by the mere course of time: a message expired, or became due, in (after, until]. */
  turnedBoxes(after: number, until: number): Promise<readonly string[]>;
  /** Forgets changes before `changesBefore`, and mailboxes unseen since `seenBefore` that nobody uses. */
  forgetMailboxes(changesBefore: number, seenBefore: number): Promise<void>;
}
