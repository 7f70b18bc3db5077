/** Options of the silo with their defaults; `lib/config.ts` reads them from the environment and a file. */
import type { AorOptions } from '../sip/uri.ts';

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
  /** Boxes served at the same time. */
  readonly maxLanes?: number;
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
  leaseTime: 15,
  node: 'node',
  stopGrace: 7_000,
} as const satisfies Omit<SiloSettings, 'telDomain'>;
