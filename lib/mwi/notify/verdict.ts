/** What the answer to a NOTIFY means for the subscription (RFC 6665 4.2.2). */
import type { Answer } from '../../sip/drachtio/messages.ts';

/** These answers end a subscription; so does silence (408). */
const ENDING = new Set([404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);
const LONGEST_WAIT = 3600;

/** It goes on, and the NOTIFY is tried again. */
interface Retry {
  /** Seconds that the answer names, if it does. */
  readonly after: number | undefined;
  /** drachtio-server could not send it: a REGISTER of the device may open the way before the time is over. */
  readonly unreachable: boolean;
}

export type NotifyVerdict = 'accepted' | 'gone' | Retry;

export function verdictOf(answer: Answer): NotifyVerdict {
  const { status, origin, failure } = answer;
  if (status >= 200 && status < 300) return 'accepted';
  // drachtio-server's own 410: the connection that it remembers for this phone is closed. The phone will open another.
  const closed = origin === 'stack' && status === 410;
  if ((ENDING.has(status) && !closed) || failure === 'unsendable') return 'gone';
  const seconds = Number.parseInt(answer.header('Retry-After') ?? '', 10);
  return {
    after: seconds > 0 ? Math.min(seconds, LONGEST_WAIT) : undefined,
    unreachable: origin === 'stack',
  };
}
