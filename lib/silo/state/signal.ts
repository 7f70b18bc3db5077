/** One event between the parts of a silo: they are put together first, and hear of each other afterwards. */
import { logger } from '../../base/log.ts';

const log = logger('silo');

export interface Signal<T> {
  /** The listener is called from now on. */
  readonly on: (listener: (value: T) => void) => void;
  /** A listener that throws harms neither what has happened nor the other listeners. */
  readonly emit: (value: T) => void;
}

export function createSignal<T>(): Signal<T> {
  const listeners: ((value: T) => void)[] = [];
  return {
    on: (listener) => void listeners.push(listener),
    emit: (value) => {
      for (const listener of listeners)
        try {
          listener(value);
        } catch (error) {
          log.error(error instanceof Error && error.stack !== undefined ? error.stack : String(error));
        }
    },
  };
}
