/** What a host app, the metrics and MWI hear of the silo: a few named events. */
import { createEmitter, type Emitter } from '../../base/emitter.ts';
import { logger } from '../../base/log.ts';
import type { NewMessage, Outcome } from '../../stores/contract/message.ts';
import type { Verdict } from './outcome.ts';

export interface StoredEvent {
  readonly box: string;
  readonly key: string;
  readonly id: number;
  /** The message; undefined when it came back from the dead letters. */
  readonly message?: NewMessage;
  /** Milliseconds from the reading of its MESSAGE to its commit; undefined when no MESSAGE brought it. */
  readonly took?: number;
}

export interface EndedEvent {
  readonly box: string;
  readonly key: string;
  readonly outcome: Outcome;
  readonly status: number;
  readonly reason: string;
  /** The message, where it was at hand: always for `expired` and `dead`. */
  readonly message?: NewMessage;
}

export interface MovedEvent extends Pick<StoredEvent, 'box' | 'key' | 'id'> {
  readonly from: string;
}

export interface AttemptEvent {
  readonly box: string;
  readonly key: string;
  readonly contact: string;
  readonly status: number;
  readonly reason: string;
  readonly verdict: Verdict;
}

export interface SiloEvents {
  /** A message was committed. */
  stored: [StoredEvent];
  /** A message ended, in whichever way; one that was erased while a device took it ends once more, as delivered. */
  ended: [EndedEvent];
  /** A message ended like this; `ended` is emitted, too. */
  delivered: [EndedEvent];
  expired: [EndedEvent];
  dead: [EndedEvent];
  erased: [EndedEvent];
  /** An operator has put a waiting message out of the box `from` into `box`. */
  moved: [MovedEvent];
  /** A MESSAGE left a box for a device, and this came back; silence counts as 408. */
  attempt: [AttemptEvent];
  /** A lane can't be sure of its lease any more, and stops: the database was away, or this process slept. */
  leaseLost: [{ readonly box: string }];
  /** A person was erased, on whichever node: what this process remembers of the AoR goes, too. */
  forget: [{ readonly aor: string }];
  /** A MESSAGE was refused with this status. */
  refused: [{ readonly status: number; readonly reason: string }];
}

export type SiloEmitter = Emitter<SiloEvents>;

const log = logger('silo:events');

/** A message that ended is told under the name of its outcome, too. */
export function createEvents(): SiloEmitter {
  const events: SiloEmitter = createEmitter(log);
  return {
    ...events,
    emit: (name, ...args) => {
      events.emit(name, ...args);
      const [event] = args;
      if (name === 'ended' && 'outcome' in event) events.emit(event.outcome, event);
    },
  };
}
