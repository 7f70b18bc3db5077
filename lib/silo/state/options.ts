/** Options of the silo with their defaults; `lib/config/config.ts` reads them from the environment and a file. */
import type { AorOptions } from '../../sip/read/uri.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { Message, NewMessage } from '../../stores/contract/message.ts';
import type { Overflow } from '../../stores/contract/accept.ts';
import type { Verdict } from './outcome.ts';

/** Who is owed a message: the first device that takes it (as msilo), or every known one. */
export const RECIPIENTS = ['first', 'every'] as const;
type Recipients = (typeof RECIPIENTS)[number];

/** Headers to add to a delivery: a template for each (docs/from-kamailio.md), or a function. */
export type ExtraHeaders =
  | Readonly<Record<string, string>>
  | ((message: Message, binding: Binding) => Readonly<Record<string, string>>);

/** The body of a notice: a template, or a function; undefined or '' sends none. */
type NoticeBody = string | ((message: NewMessage, id: number) => string | undefined);

export interface SiloOptions extends AorOptions {
  /** Domains whose AoRs are stored for; empty: every domain. */
  readonly domains?: readonly string[];
  /** Longest lifetime of a message in seconds (msilo's `expire_time`, 3 days); a shorter Expires is honoured. */
  readonly expireTime?: number;
  /** Seconds between looks for expired messages (msilo's `check_time`). */
  readonly checkTime?: number;
  /** Seconds between looks for messages that other nodes or a Kamailio inserted, and for retries that are due. */
  readonly tailTime?: number;
  /** Milliseconds that a live delivery may take before the message is stored. */
  readonly liveTimeout?: number;
  /** Milliseconds after the REGISTER's 2xx before the first message is sent. */
  readonly dumpDelay?: number;
  /** Attempts that a device answers with a temporary failure before the message is a dead letter. */
  readonly maxAttempts?: number;
  /** Adds `[Offline message - <date>] ` to text/plain bodies (msilo's `add_date`). */
  readonly addDate?: boolean;
  /** Seconds for which an ended message is remembered, so that a repeat of it stores nothing. */
  readonly keepLedger?: number;
  /** Boxes served at the same time, and with that messages in flight. */
  readonly maxLanes?: number;
  /** Messages a second: in all, to one next hop, for one domain; 0: no limit. */
  readonly sendRate?: number;
  readonly hopRate?: number;
  readonly domainRate?: number;
  /** Messages in flight to one next hop, for one domain; 0: no limit. */
  readonly hopInFlight?: number;
  readonly domainInFlight?: number;
  /** Messages that may wait for their commit before new ones are refused with 503. */
  readonly maxPending?: number;
  /** Milliseconds by which the event loop may lag before new messages are refused with 503. */
  readonly maxLag?: number;
  /** Verdicts that replace those of the outcome table, by status. */
  readonly outcomes?: Readonly<Record<string, Verdict>>;
  /** Seconds for which a dead letter is kept; 0: for ever. */
  readonly keepDead?: number;
  /** Seconds after which another node may take over the box of one that died. */
  readonly leaseTime?: number;
  /** Name of this node in the database; must differ between nodes. */
  readonly node?: string;
  /** Milliseconds that `close()` waits for messages in flight. */
  readonly stopGrace?: number;
  /** Who is owed a message. */
  readonly deliverTo?: Recipients;
  /** With `every`: seconds after its last registration for which a device with an instance is owed messages. */
  readonly deviceMemory?: number;
  /** With `every`: a new device gets what waits if it is no older than this, in seconds. */
  readonly newDeviceAge?: number;
  /** Messages and bytes that may wait in one box, in one domain; 0: no limit (msilo's `max_messages`). */
  readonly maxMessages?: number;
  readonly maxBytes?: number;
  readonly domainMaxMessages?: number;
  readonly domainMaxBytes?: number;
  /** What to do when there is no room. */
  readonly overflow?: Overflow;
  /** Receipts (IMDN) that may wait in one box; the oldest gives way; 0: no limit. */
  readonly maxReceipts?: number;
  /** Longest lifetime of a receipt in seconds. */
  readonly receiptExpireTime?: number;
  /** Media types that may be stored (`text/*`); empty: all. */
  readonly storeTypes?: readonly string[];
  /** Media types that are never stored. */
  readonly skipTypes?: readonly string[];
  /** Headers that are kept; empty: all that are end-to-end. */
  readonly keepHeaders?: readonly string[];
  /** Headers that are not kept. */
  readonly dropHeaders?: readonly string[];
  /** Headers to add to a delivery (msilo's `extra_hdrs`). */
  readonly extraHeaders?: ExtraHeaders;
  /** Adds a Contact with the From URI and `msilo=yes` to a delivery (msilo's `add_contact`; RFC 3428 forbids it). */
  readonly addContact?: boolean;
  /** Sends a message with the Call-ID that it came with (msilo's `use_mode` 1). */
  readonly reuseCallId?: boolean;
  /** Next hop, a SIP URI, of everything that the silo sends; '': the way that the device registered (msilo's `outbound_proxy`). */
  readonly outboundProxy?: string;
  /** Header whose value says when a message is to be sent; '': none. */
  readonly sendAtHeader?: string;
  /** Zone of times in msilo's form `YYYYMMDDHHMMSS`, an IANA name. */
  readonly sendAtZone?: string;
  /** Furthest time ahead, in seconds. */
  readonly maxSendAhead?: number;
  /** From URI of messages that are sent at their set time; '': the author (msilo's `reminder`). */
  readonly reminderFrom?: string;
  /** From URI of the notice that a message was stored; '': no notices (msilo's `from_address`). */
  readonly noticeFrom?: string;
  /** Its body (msilo's `offline_message`) and Content-Type (`content_type_hdr`). */
  readonly noticeBody?: NoticeBody;
  readonly noticeType?: string;
  /** Its Contact header; '': none (msilo's `contact_hdr`). */
  readonly noticeContact?: string;
  /** To the Contact of the stored MESSAGE when it has one, else to its From (msilo's `use_contact`). */
  readonly noticeToContact?: boolean;
  /** Seconds between two notices to one author about one recipient. */
  readonly noticeInterval?: number;
  /** Notices a minute to one author; 0: no limit. */
  readonly noticeRate?: number;
  /** Sends the receipts (RFC 5438) that a CPIM message asks for: stored, and failed. */
  readonly imdn?: boolean;
}

export type SiloSettings = Required<Omit<SiloOptions, 'telDomain'>> & AorOptions;

export const SILO_DEFAULTS = {
  domains: [],
  expireTime: 259_200,
  checkTime: 10,
  tailTime: 1,
  liveTimeout: 4_000,
  dumpDelay: 0,
  maxAttempts: 8,
  addDate: false,
  keepLedger: 604_800,
  maxLanes: 500,
  sendRate: 0,
  hopRate: 0,
  domainRate: 0,
  hopInFlight: 0,
  domainInFlight: 0,
  maxPending: 5_000,
  maxLag: 1_000,
  outcomes: {},
  keepDead: 2_592_000,
  leaseTime: 15,
  node: 'node',
  stopGrace: 7_000,
  deliverTo: 'first',
  deviceMemory: 2_592_000,
  newDeviceAge: 259_200,
  maxMessages: 0,
  maxBytes: 0,
  domainMaxMessages: 0,
  domainMaxBytes: 0,
  overflow: 'reject',
  maxReceipts: 100,
  receiptExpireTime: 86_400,
  storeTypes: [],
  skipTypes: [],
  keepHeaders: [],
  dropHeaders: [],
  extraHeaders: {},
  addContact: false,
  reuseCallId: false,
  outboundProxy: '',
  sendAtHeader: '',
  sendAtZone: 'UTC',
  maxSendAhead: 31_536_000,
  reminderFrom: '',
  noticeFrom: '',
  noticeBody: 'Your message to {box} is stored. It will be delivered when {user} is back.',
  noticeType: 'text/plain;charset=utf-8',
  noticeContact: '',
  noticeToContact: true,
  noticeInterval: 3_600,
  noticeRate: 10,
  imdn: true,
} as const satisfies Omit<SiloSettings, 'telDomain'>;
