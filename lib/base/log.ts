/**
 * Logs go through `debug` under `drachtio-silo:<room>[:WARN|:ERROR]`. Warnings and errors can also be
 * routed to a host application's logger with {@link onLog}. Bodies are never logged; AoRs only at debug level.
 */
import debug from 'debug';
import { concealed } from './secrets.ts';

export type LogLevel = 'debug' | 'warn' | 'error';
export type LogListener = (level: LogLevel, room: string, message: string) => void;

export interface Logger {
  readonly debug: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly error: (message: string) => void;
}

/** Kinds of messages that are told apart at a time. */
const MOST_KINDS = 200;
const LONGEST_KIND = 80;
const SAME_KIND_MS = 1000;

const listeners = new Set<LogListener>();

/** Receive every warning and error (and every debug line whose namespace is enabled). Returns the undo. */
export function onLog(listener: LogListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * A logger of one room, e.g. `logger('silo:dump')`.
 * @param options `limited: false`: no line is left out, however many are alike
 */
export function logger(room: string, { limited: isLimited = true } = {}): Logger {
  const limit = isLimited ? limited : (write: (message: string) => void) => write;
  const at = (level: LogLevel, suffix: string) => {
    const write = debug(`drachtio-silo:${room}${suffix}`);
    return (message: string) => {
      write(message);
      if (level !== 'debug' || write.enabled)
        for (const listener of listeners) listener(level, room, concealed(message));
    };
  };
  return {
    debug: at('debug', ''),
    warn: limit(at('warn', ':WARN')),
    error: limit(at('error', ':ERROR')),
  };
}

/**
 * Strangers can set off warnings as fast as they can send: of each kind one line a second is written, and how many more
 * there were.
 */
function limited(write: (message: string) => void): (message: string) => void {
  const withheld = new Map<string, number>();
  return (message) => {
    let kind = kindOf(message);
    // Beyond so many the words are a stranger's, too, and all the rest is one kind.
    if (withheld.size >= MOST_KINDS && !withheld.has(kind)) kind = '';
    const count = withheld.get(kind);
    if (count !== undefined) {
      withheld.set(kind, count + 1);
      return;
    }
    withheld.set(kind, 0);
    write(message);
    setTimeout(() => {
      const more = withheld.get(kind) ?? 0;
      withheld.delete(kind);
      if (more > 0) write(`${more} more within a second like: ${message}`);
    }, SAME_KIND_MS).unref();
  };
}

/** What is left of a message without its numbers, names and addresses. */
function kindOf(message: string): string {
  const [line = ''] = message.slice(0, LONGEST_KIND * 4).split('\n', 1);
  return line
    .replace(/"[^"]*"|'[^']*'/g, '*')
    .replace(/\S*[\d@:|<>=/]\S*/g, '*')
    .slice(0, LONGEST_KIND);
}
