/** What the silo tells a host app, the metrics and the lamps: a few named events. */
import { EventEmitter } from 'node:events';
import { messageOf } from '../errors.ts';
import { logger } from '../log.ts';
import type { Outcome } from '../stores/store.ts';

export interface SiloEvents {
  /** A message was committed. */
  stored: [{ readonly box: string; readonly key: string; readonly id: number }];
  /** A message ended: delivered, expired, dead or erased. */
  ended: [
    {
      readonly box: string;
      readonly key: string;
      readonly outcome: Outcome;
      readonly status: number;
      readonly reason: string;
    },
  ];
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
  return {
    on: (name, listener) => void emitter.on(name, listener as (...args: unknown[]) => void),
    off: (name, listener) => void emitter.off(name, listener as (...args: unknown[]) => void),
    emit: (name, ...args) => {
      for (const listener of emitter.listeners(name))
        try {
          Reflect.apply(listener, undefined, args);
        } catch (error) {
          log.error(`a listener of "${name}" failed: ${messageOf(error)}`);
        }
    },
  };
}
