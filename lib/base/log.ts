/**
 * Logs go through `debug` under `drachtio-silo:<room>[:WARN|:ERROR]`. Warnings and errors can also be
 * routed to a host application's logger with {@link onLog}. Bodies are never logged; AoRs only at debug level.
 */
import debug from 'debug';

export type LogLevel = 'debug' | 'warn' | 'error';
export type LogListener = (level: LogLevel, room: string, message: string) => void;

export interface Logger {
  readonly debug: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly error: (message: string) => void;
}

const listeners = new Set<LogListener>();

/** Receive every warning and error (and every debug line whose namespace is enabled). Returns the undo. */
export function onLog(listener: LogListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A logger of one room, e.g. `logger('silo:dump')`. */
export function logger(room: string): Logger {
  const at = (level: LogLevel, suffix: string) => {
    const write = debug(`drachtio-silo:${room}${suffix}`);
    return (message: string) => {
      write(message);
      if (level !== 'debug' || write.enabled)
        for (const listener of listeners) listener(level, room, message);
    };
  };
  return { debug: at('debug', ''), warn: at('warn', ':WARN'), error: at('error', ':ERROR') };
}
