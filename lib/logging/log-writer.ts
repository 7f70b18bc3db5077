/** The log of a process: lines of text or of JSON, at most so many a second. */
import { muteDebug, onLog, type LogFields, type LogLevel, type LogListener } from '../base/log.ts';
import type { LogSettings } from './options.ts';

const SECOND = 1_000;

/** Where it is written to, and by which clock; a test has its own. */
export interface LogSurroundings {
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** DEBUG is set: then `debug` prints what it names, as text. */
  readonly hasDebug: boolean;
}

const PROCESS: LogSurroundings = {
  write: (line) => process.stderr.write(line),
  now: Date.now,
  hasDebug: process.env['DEBUG'] !== undefined,
};

/** Whoever reads what we print may end before we do (`| head`, a logger that is started again): that ends nobody's service. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/**
 * Writes what is logged from now on. Returns the undo.
 *
 * @param node its name is in every line of JSON: several nodes may write into one place
 */
export function startLog(
  { format, level, rate }: LogSettings,
  node: string,
  { write, now, hasDebug }: LogSurroundings = PROCESS,
): () => void {
  // What DEBUG names `debug` prints already.
  if (level === 'off' || (format === 'text' && hasDebug)) return () => undefined;
  muteDebug(format === 'json');
  const written = format === 'json' ? asJson(node) : asText;
  const stop = onLog(
    atMost(rate, now, (...line) => {
      write(`${written(new Date(now()).toISOString(), ...line)}\n`);
    }),
    { level },
  );
  return () => {
    stop();
    muteDebug(false);
  };
}

type Line = readonly [level: LogLevel, room: string, message: string, fields: LogFields];

function asText(time: string, ...[level, room, message]: Line): string {
  return `${time} ${level} ${room}: ${message}`;
}

const asJson =
  (node: string) =>
  (time: string, ...[level, room, message, fields]: Line): string =>
    JSON.stringify({ time, level, room, msg: message, node, ...fields });

/** What is more than that in a second is left out, and the next second begins with how much it was. */
function atMost(rate: number, now: () => number, write: LogListener): LogListener {
  if (rate === 0) return write;
  let began = -Infinity;
  let count = 0;
  const begin = () => {
    const left = count - rate;
    began = now();
    count = 0;
    if (left > 0) write('warn', 'log', `${left} lines of one second were left out (SILO_LOG_RATE)`, {});
  };
  return (...line) => {
    if (now() - began >= SECOND) begin();
    count++;
    if (count <= rate) write(...line);
    // Who says nothing more says at least that.
    if (count === rate + 1) setTimeout(() => count > rate && begin(), SECOND).unref();
  };
}
