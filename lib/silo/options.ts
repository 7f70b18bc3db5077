/** Options of the silo with their defaults; `lib/config.ts` reads them from the environment and a file. */
import type { AorOptions } from '../sip/uri.ts';
import type { Verdict } from './outcome.ts';

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
} as const satisfies Omit<SiloSettings, 'telDomain'>;
