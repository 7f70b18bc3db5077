/**
 * Frames of drachtio-server that are about something of ours.
 *
 *   <id> | response | <id of our frame> | OK or NOK | …                       acknowledges it, and quotes what was sent
 *   <id> | sip | network | <bytes> | <protocol> | <address> | <port> | <time> | <transaction> | …      a message
 */
import { fullName } from '../../read/compact.ts';
import type { Answer } from '../messages.ts';

const LINE_END = '\r\n';
const STATUS_LINE = /^SIP\/\d+\.\d+[ \t]+(\d{3})(?!\d)[ \t]*([^\r\n]*)/;
/** Of a longer one only what a log can hold. */
const LONGEST_REASON = 500;

interface Acknowledgement {
  /** Of our frame. */
  readonly id: string;
  /** What the server says: `OK` and facts, or `NOK` and why. */
  readonly token: readonly string[];
}

/** Undefined: it acknowledges nothing. */
export function acknowledgementOf(frame: string): Acknowledgement | undefined {
  const first = frame.indexOf('|');
  if (first < 0 || !frame.startsWith('response|', first + 1)) return undefined;
  const [, , id = '', ...token] = leaderOf(frame).split('|');
  return { id, token };
}

/** An answer and its transaction. */
type TakenAnswer = Answer & { readonly transaction: string };

/** Undefined: it is no answer that came over the network, or none that can be read. */
export function answerOf(frame: string): TakenAnswer | undefined {
  const first = frame.indexOf('|');
  if (first < 0 || !frame.startsWith('sip|network|', first + 1)) return undefined;
  const leader = leaderOf(frame);
  const message = leader.length + LINE_END.length;
  if (!frame.startsWith('SIP/', message)) return undefined;
  const end = frame.indexOf(LINE_END + LINE_END, message);
  const head = frame.slice(message, end < 0 ? frame.length : end);
  const found = STATUS_LINE.exec(head);
  if (!found) return undefined;
  const [, , , , , address, , , transaction = ''] = leader.split('|');
  let headers: ReadonlyMap<string, string> | undefined;
  return {
    status: Number(found[1]),
    reason: (found[2] ?? '').trimEnd().slice(0, LONGEST_REASON),
    origin: address ? 'peer' : 'stack',
    transaction,
    header: (name) => (headers ??= headersOf(head)).get(name.toLowerCase()),
  };
}

/** What stands before the message. */
function leaderOf(frame: string): string {
  const end = frame.indexOf(LINE_END);
  return end < 0 ? frame : frame.slice(0, end);
}

/** By their names in lower case, compact ones in full; one that stands there several times is joined with commas (RFC 3261 7.3.1). */
function headersOf(head: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of head.split(/\r\n(?![ \t])/).slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = fullName(line.slice(0, colon).trim()).toLowerCase();
    const value = line.slice(colon + 1).replace(/\r\n[ \t]+/g, ' ').trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
