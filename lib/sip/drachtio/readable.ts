/**
 * drachtio-srf drops a message that it can't read, and prints it with a stack trace on standard error: a line without a colon
 * in an answer is enough, and a stranger writes our log while the answer is lost. So it gets only what it can read: lines
 * that are no header are taken out before (RFC 3261 16.3 and 8.1.3.4 let us go on without what is not understood).
 */
import type Srf from 'drachtio-srf';
import { traceOf } from '../../base/errors.ts';
import { divideHead, hasLoneEnd } from '../../base/line-ends.ts';
import { logger } from '../../base/log.ts';
import { TOKEN_CHARACTERS } from '../read/grammar.ts';
import { wireOf } from './srf.ts';

const log = logger('sip:readable');

/**
 * A line whose name is a token that means itself. drachtio-srf undoes escapes in names and takes any white space for none, so to it
 * `P-Asserted%2DIdentity` is what a proxy before us, which has taken P-Asserted-Identity away, has let pass for something else.
 */
const HEADER = new RegExp(`^(?:(?!%[0-9A-Fa-f]{2}|%u)[${TOKEN_CHARACTERS}])+[ \\t]*:`);
/** This and what a response is are as drachtio-srf's parser has them: other start lines it gives up on. */
const REQUEST = /^[\w\-.!%*+`'~]+\s\S+\sSIP\s*\/\s*\d+\.\d+/;
const STATUS = /^SIP\/\d+\.\d+\s+\d+/;
const LINE_TERMINATOR = /[\n\r\u2028\u2029]/;
const LINE_END = /\r\n(?![ \t])/;
/** Header lines as nearly all are, at one look: only others are taken apart. */
const ALL_PLAIN = /^(?:[A-Za-z0-9_-]+:[^\r\n]*\r\n)*[A-Za-z0-9_-]+:[^\r\n]*$/;

/** An acknowledgement of a frame of ours: who waits for it must hear of it, whatever it quotes. */
const ACKNOWLEDGES = /^[^|\r]*\|response\|/;

/**
 * What drachtio-srf can read of a frame: the frame as it is, or without some lines; undefined when its message can't be read
 * at all.
 */
export function readable(frame: string): string | undefined {
  const start = frame.indexOf('\r\n') + 2;
  // Without a message: an acknowledgement, an answer to a ping.
  if (start < 2 || start === frame.length) return frame;
  const end = frame.indexOf('\r\n\r\n', start);
  const head = frame.slice(start, end < 0 ? frame.length : end);
  if (isPlain(head)) return frame;
  if (REQUEST.test(head) && hasLoneEnd(head))
    return readable(frame.slice(0, start) + withLineEnds(frame.slice(start)));
  const [first = '', ...lines] = head.split(LINE_END);
  const startLine = REQUEST.test(first) ? first : oneLine(first);
  if (startLine === undefined) return ACKNOWLEDGES.test(frame) ? frame.slice(0, start - 2) : undefined;
  const headers = lines.filter((line) => HEADER.test(line));
  if (startLine === first && headers.length === lines.length) return frame;
  return frame.slice(0, start) + [startLine, ...headers].join('\r\n') + (end < 0 ? '' : frame.slice(end));
}

/** As `/^SIP\/\d+\.\d+\s+\d+\s*.*\s*$/`, which takes seconds for blanks that a device has chosen. */
function isResponse(line: string): boolean {
  const status = STATUS.exec(line);
  return status !== null && !LINE_TERMINATOR.test(line.slice(status[0].length).trim());
}

function isPlain(head: string): boolean {
  const firstEnd = head.indexOf('\r\n');
  const first = head.slice(0, firstEnd);
  return (
    firstEnd > 0 &&
    ALL_PLAIN.test(head.slice(firstEnd + 2)) &&
    !hasLoneEnd(first) &&
    (REQUEST.test(first) || isResponse(first))
  );
}

/** We must see the headers that the server sees: it dies of an answer to a request whose Contact is bad, and a lone CR would hide that. */
function withLineEnds(message: string): string {
  const { head, rest } = divideHead(message);
  return rest === undefined ? head : `${head}\r\n\r\n${rest}`;
}

/** The status line; a reason phrase may hold anything that some stack takes for a line end. */
function oneLine(startLine: string): string | undefined {
  return [startLine, startLine.replace(/\s+/g, ' ')].find(isResponse);
}

/** From now on `srf`, which has just been told to connect, gets only what it can read, and outlives what it can't. */
export function readOnlyReadable(srf: Srf): void {
  const wire = wireOf(srf);
  const listeners = wire.listeners('msg');
  wire.removeAllListeners('msg');
  wire.on('msg', (socket, frame) => {
    const text = readable(frame);
    if (text === undefined) {
      log.warn('a message that is no SIP was left out: drachtio-srf can not read it');
      return;
    }
    try {
      for (const listener of listeners) listener(socket, text);
    } catch (error) {
      // Thrown on, it would end the process: a stranger's message must not.
      log.error(`a message could not be handed on: ${traceOf(error)}`);
    }
  });
}
