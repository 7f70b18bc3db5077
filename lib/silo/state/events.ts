/** What a host app, the metrics and MWI hear of the silo: a few named events. */
import { EventEmitter } from 'node:events';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { NewMessage, Outcome } from '../../stores/contract/message.ts';
import type { Verdict } from './outcome.ts';

export interface StoredEvent {
  readonly box: string;
  readonly key: string;
  readonly id: number;
  /** The message; undefined when it came back from the dead letters. */
  readonly message?: NewMessage;
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
  /** A MESSAGE left a box for a device, and this came back; silence counts as 408. */
  attempt: [AttemptEvent];
  /** A MESSAGE was refused with this status. */
  refused: [{ readonly status: number; readonly reason: string }];
}

type Listener<Name extends keyof SiloEvents> = (...args: SiloEvents[Name]) => void;

export interface SiloEmitter {
  on<Name extends keyof SiloEvents>(name: Name, listener: Listener<Name>): void;
  off<Name extends keyof SiloEvents>(name: Name, listener: Listener<Name>): void;
  emit<Name extends keyof SiloEvents>(name: Name, ...args: SiloEvents[Name]): void;
}

const log = logger('silo:events');

/** A listener of the host app that throws harms neither the message nor the other listeners. */
export function createEvents(): SiloEmitter {
  const emitter = new EventEmitter();

  function tell(name: string, args: readonly unknown[]): void {
    for (const listener of emitter.listeners(name))
      try {
        Reflect.apply(listener, undefined, args);
      } catch (error) {
        log.error(`a listener of "${name}" failed: ${textOf(error)}`);
      }
  }

  return {
    on: (name, listener) => void emitter.on(name, listener as (...args: unknown[]) => void),
    off: (name, listener) => void emitter.off(name, listener as (...args: unknown[]) => void),
    emit: (name, ...args) => {
      tell(name, args);
      const [event] = args;
      if (name === 'ended' && 'outcome' in event) tell(event.outcome, args);
    },
  };
}
