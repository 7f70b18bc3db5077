/** What a host app hears of the lamps. */
import { createEmitter, type Emitter } from '../../base/emitter.ts';
import { logger } from '../../base/log.ts';

export interface MendedEvent {
  readonly mailbox: string;
  /** From of the PUBLISH. */
  readonly publisher: string;
  /** One sentence for each thing that was mended or left out; none repeats more than a character of the body. */
  readonly repairs: readonly string[];
}

export interface NotifiedEvent {
  readonly mailbox: string;
  /** What the phone answered; silence counts as 408. */
  readonly status: number;
  readonly reason: string;
  /** Milliseconds since the change that it tells was known here; undefined when none set it off, or it was not taken. */
  readonly took?: number;
}

export interface MwiEvents {
  /** A NOTIFY was answered, or could not be sent. */
  notified: [NotifiedEvent];
  /** A published summary was not quite what RFC 3842 wants, and taken. */
  mended: [MendedEvent];
}

export type MwiEmitter = Emitter<MwiEvents>;

export function createMwiEvents(): MwiEmitter {
  return createEmitter(logger('mwi:events'));
}
