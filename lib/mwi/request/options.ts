/** Options of the lamps with their defaults; `lib/config/config.ts` reads those that are no functions. */
import { NODE_DEFAULTS } from '../../node/node.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import type { AorOptions } from '../../sip/read/uri.ts';
import type { FormatOptions, SummaryMode } from '../summary/summary.ts';

/** Asked before a request is served; false is answered with 403. */
export type Authorize = (req: SipRequest, mailbox: string) => boolean | Promise<boolean>;

export interface MwiOptions extends AorOptions {
  /** Domains whose mailboxes are served; empty: every domain. */
  readonly domains?: readonly string[];
  /** Name of this node in the database; must differ between nodes. */
  readonly node?: string;
  /** Seconds without a heartbeat after which other nodes send the phones of this one away. */
  readonly leaseTime?: number;
  /**
   * How publications of several publishers make one summary: `sum` adds their counts, `latest` takes the one that
   * changed last, `priority` the one whose publisher stands first in the option of that name.
   */
  readonly compose?: 'sum' | 'latest' | 'priority';
  /** Publishers (AoRs) in the order of their weight, for `compose: 'priority'` and for the account. */
  readonly priority?: readonly string[];
  /** What says `yes`: a new message (`counts`), the word of a publisher (`flags`), or one of both. */
  readonly waiting?: 'either' | 'counts' | 'flags';
  /** Messages of the silo count as Pager-Message, as Voice-Message (for phones that know nothing else), both, or not. */
  readonly showSilo?: 'pager' | 'voice' | 'both' | 'off';
  /** Message-Account of a mailbox: a text with `{aor}`, `{user}` and `{domain}`, or a function. Empty: none. */
  readonly account?: string | ((mailbox: string) => string | undefined);
  /** How strictly a published body is read. */
  readonly bodies?: SummaryMode;
  /** A publisher's initial PUBLISH replaces what it has published before for this mailbox. */
  readonly replacePublisher?: boolean;
  /** Users or AoRs (`*97`, `voicemail@example.org`) that stand for the subscriber's own mailbox. */
  readonly aliases?: readonly string[];
  /** Networks from which PUBLISH is taken, as CIDRs. */
  readonly publishers?: readonly string[];
  /** May this request watch this mailbox? Default: From is its AoR. */
  readonly authorizeSubscribe?: Authorize;
  /** May this request publish for this mailbox? Default: it comes from one of the `publishers` networks. */
  readonly authorizePublish?: Authorize;
  /** Is there such a mailbox? Without it, every AoR of a served domain is one. */
  readonly knows?: (mailbox: string) => boolean | Promise<boolean>;
  /** SUBSCRIBE and PUBLISH for other event packages: `refuse` (489) or `pass` them on to the next handler. */
  readonly otherEvents?: 'refuse' | 'pass';
  /** Seconds: shortest, longest and default subscription. */
  readonly minSubscription?: number;
  readonly maxSubscription?: number;
  readonly defaultSubscription?: number;
  /** Seconds: shortest, longest and default publication. */
  readonly minPublication?: number;
  readonly maxPublication?: number;
  readonly defaultPublication?: number;
  /** Milliseconds between two NOTIFYs of one subscription. */
  readonly notifyInterval?: number;
  /** Milliseconds over which the phones are sent away at a start, a stop, or after a lost connection. */
  readonly spread?: number;
  /** Milliseconds that `close()` waits for the answers of those phones. */
  readonly stopGrace?: number;
  /** Seconds between looks for changes that other nodes made, and for what has expired. */
  readonly tailTime?: number;
  /** NOTIFY without a subscription, after registration and on change, with this Subscription-State. */
  readonly unsolicited?: 'off' | 'terminated' | 'active';
  /** How a summary is written. */
  readonly format?: FormatOptions;
}

export type MwiSettings = Required<
  Omit<MwiOptions, 'telDomain' | 'authorizeSubscribe' | 'authorizePublish' | 'knows'>
> &
  Pick<MwiOptions, 'authorizeSubscribe' | 'authorizePublish' | 'knows'> &
  AorOptions;

export const MWI_DEFAULTS = {
  domains: [],
  ...NODE_DEFAULTS,
  compose: 'sum',
  priority: [],
  waiting: 'either',
  showSilo: 'pager',
  account: '',
  bodies: 'lenient',
  replacePublisher: true,
  aliases: [],
  publishers: ['127.0.0.0/8', '::1/128'],
  otherEvents: 'refuse',
  minSubscription: 60,
  maxSubscription: 86_400,
  defaultSubscription: 3600,
  minPublication: 60,
  maxPublication: 86_400,
  defaultPublication: 3600,
  notifyInterval: 1000,
  spread: 3000,
  stopGrace: 4000,
  tailTime: 1,
  unsolicited: 'off',
  format: {},
} as const satisfies MwiSettings;
