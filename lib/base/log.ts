/**
 * Logs go through `debug` under `drachtio-silo:<room>[:WARN|:ERROR]`, and to whoever listens with {@link onLog}. Bodies are never logged;
 * addresses of users only at debug level.
 */
import debug from 'debug';
import { concealed } from './secrets.ts';

export type LogLevel = 'debug' | 'warn' | 'error';

/** What a line is about, for who sorts lines by it. */
export interface LogFields {
  /** AoR whose box or mailbox it is. Not above debug level, and neither is `contact`: they name people. */
  readonly box?: string;
  /** Of a device. */
  readonly contact?: string;
  /** Call-ID of the request that began it: by this one request is followed through all rooms. */
  readonly callId?: string;
  /** The Call-ID with which a device was sent the message. */
  readonly sentAs?: string;
  /** Identity of the message in events and in the ledger, and its row. */
  readonly key?: string;
  readonly id?: number;
  /** SIP status. */
  readonly status?: number;
  readonly method?: string;
  /** Where a request came from. */
  readonly source?: string;
  /** Which node it was, where a line can tell. */
  readonly node?: string;
}

export type LogListener = (level: LogLevel, room: string, message: string, fields: LogFields) => void;

type Write = (message: string, fields?: LogFields) => void;

export interface Logger {
  readonly debug: Write;
  readonly warn: Write;
  readonly error: Write;
  /** Does anybody read debug lines? What is made only for them need not be made. */
  readonly isRead: () => boolean;
}

export interface LogOptions {
  /** `warn`, the default: warnings, errors, and those debug lines that DEBUG names. */
  readonly level?: LogLevel;
}

/** Kinds of messages that are told apart at a time. */
const MOST_KINDS = 200;
const LONGEST_KIND = 80;
const SAME_KIND_MS = 1000;

const NOTHING: LogFields = {};

const listeners = new Map<LogListener, LogLevel>();
/** How many of them read all debug lines. */
let readers = 0;
let muted = false;

/** Hears of what is logged, from this level on. Returns the undo. */
export function onLog(listener: LogListener, { level = 'warn' }: LogOptions = {}): () => void {
  const undo = () => {
    if (listeners.get(listener) === 'debug') readers--;
    listeners.delete(listener);
  };
  undo();
  listeners.set(listener, level);
  if (level === 'debug') readers++;
  return undo;
}

/** `debug` prints nothing of ours any more: somebody else writes it, and every line would stand there twice. */
export function muteDebug(mute = true): void {
  muted = mute;
}

/**
 * A logger of one room, e.g. `logger('silo:dump')`.
 * @param options `limited: false`: no line is held back for being like another
 */
export function logger(room: string, { limited: isLimited = true } = {}): Logger {
  const limit = isLimited ? limited : (write: Write) => write;
  const at = (level: LogLevel, suffix: string): { readonly write: Write; readonly isRead: () => boolean } => {
    const print = debug(`drachtio-silo:${room}${suffix}`);
    return {
      isRead: () => readers > 0 || print.enabled,
      write: (message, fields = NOTHING) => {
        if (!muted && print.enabled) print('%s', printable(message));
        const named = level === 'debug' && print.enabled;
        for (const [listener, wanted] of listeners)
          if (named || RANK[level] >= RANK[wanted])
            listener(level, room, printable(concealed(message)), told(level, fields));
      },
    };
  };
  const lines = at('debug', '');
  return {
    debug: lines.write,
    warn: limit(at('warn', ':WARN').write),
    error: limit(at('error', ':ERROR').write),
    isRead: lines.isRead,
  };
}

/** A stranger's words may stand in a line: what moves a terminal's cursor is spelled out. Line ends stay, for stack traces. */
function printable(message: string): string {
  return message.replace(
    /[^\P{Cc}\n\t]/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, warn: 1, error: 2 };

function told(level: LogLevel, fields: LogFields): LogFields {
  if (level === 'debug') return fields;
  const { box, contact, ...rest } = fields;
  return box === undefined && contact === undefined ? fields : rest;
}

/**
 * Strangers can set off warnings as fast as they can send: of each kind one line a second is written, and how many more
 * there were.
 */
function limited(write: Write): Write {
  const withheld = new Map<string, number>();
  return (message, fields) => {
    let kind = kindOf(message);
    // Beyond so many the words are a stranger's, too, and all the rest is one kind.
    if (withheld.size >= MOST_KINDS && !withheld.has(kind)) kind = '';
    const count = withheld.get(kind);
    if (count !== undefined) {
      withheld.set(kind, count + 1);
      return;
    }
    withheld.set(kind, 0);
    write(message, fields);
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
