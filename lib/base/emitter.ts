/** A few named events for a host app, whose listeners can't harm us. */
import { EventEmitter } from 'node:events';
import { textOf } from './errors.ts';
import type { Logger } from './log.ts';

type Events = Record<string, readonly unknown[]>;
type Listener<Args extends readonly unknown[]> = (...args: Args) => void;

export interface Emitter<E extends { [Name in keyof E]: readonly unknown[] }> {
  on<Name extends keyof E>(name: Name, listener: Listener<E[Name]>): void;
  off<Name extends keyof E>(name: Name, listener: Listener<E[Name]>): void;
  emit<Name extends keyof E>(name: Name, ...args: E[Name]): void;
}

/** A listener that throws harms neither what is told nor the other listeners. */
export function createEmitter<E extends { [Name in keyof E]: readonly unknown[] }>(
  log: Pick<Logger, 'error'>,
): Emitter<E> {
  const emitter = new EventEmitter();
  const any: Emitter<Events> = {
    on: (name, listener) => void emitter.on(name, listener),
    off: (name, listener) => void emitter.off(name, listener),
    emit: (name, ...args) => {
      for (const listener of emitter.listeners(name))
        try {
          Reflect.apply(listener, undefined, args);
        } catch (error) {
          log.error(`a listener of "${name}" failed: ${textOf(error)}`);
        }
    },
  };
  return any as unknown as Emitter<E>;
}
