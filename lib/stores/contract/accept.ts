/** Accepting a message: how much may wait, and what came of it. */
import type { Ended } from './message.ts';

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
  /** Percent of each quota that one sender may hold; default: all of it. */
  readonly share?: number;
  /** Receipts that may wait in one box, whatever the quota: the oldest gives way; 0: no limit. */
  readonly receipts: number;
  /** Threads whose waiting receipts this one replaces. */
  readonly replaces: readonly string[];
}

/** A waiting message that gave way: `delivered` when at least one of several devices had it. */
export interface Dropped extends Ended {
  readonly outcome: 'erased' | 'delivered';
  readonly reason: string;
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
