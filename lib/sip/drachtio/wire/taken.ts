/**
 * Frames of drachtio-server that are about something of ours.
 *
 *   <id> | response | <id of our frame> | OK or NOK | …                       acknowledges it, and quotes what was sent
 *   <id> | sip | network | <bytes> | <protocol> | <address> | <port> | <time> | <transaction> | …      a message
 */
import { ownText } from '../../../base/own-text.ts';

const LINE_END = '\r\n';
const STATUS_LINE = /^SIP\/\d+\.\d+[ \t]+(\d{3})(?!\d)[ \t]*([^\r\n\u2028\u2029]*)/;
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

/** Facts of an acknowledged answer, as drachtio-srf keeps them. */
export function metaOf(token: readonly string[]): Readonly<Record<string, string | undefined>> {
  const [, source, , protocol, address, port, time, transactionId, dialogId] = token;
  return { source, address, port, protocol, time, transactionId, dialogId };
}

export interface TakenAnswer {
  readonly transaction: string;
  readonly status: number;
  readonly reason: string;
  /** Somebody has sent it; else drachtio-server has made it up. */
  readonly isOfPeer: boolean;
  /** Start line and headers. */
  readonly head: string;
}

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
  return {
    transaction: ownText(transaction),
    status: Number(found[1]),
    reason: keptReason(found[2]),
    isOfPeer: Boolean(address),
    head,
  };
}

/** A reason phrase may be kept for as long as what it answers, and without the rest of the answer. */
export function keptReason(text = ''): string {
  return ownText(text.trimEnd().slice(0, LONGEST_REASON));
}

/** What stands before the message. */
function leaderOf(frame: string): string {
  const end = frame.indexOf(LINE_END);
  return end < 0 ? frame : frame.slice(0, end);
}
