/**
 * What the answer to a MESSAGE means for the message and for the device. One table for every status, time-out and
 * local failure (docs/outcomes.md).
 */
import type { Answer } from '../../sip/drachtio/messages.ts';

/**
 * - `delivered`: ends the message.
 * - `away`: the device can't be reached now; wait for it, no attempt is counted.
 * - `later`: the device answered with a temporary failure; try again with back-off, an attempt is counted.
 * - `refused`: this device will never take this message, another one may.
 * - `incapable`: this device can't do MESSAGE at all until its Allow or User-Agent changes.
 * - `dead`: no device will take this message; it becomes a dead letter.
 *
 * `delivered`, `refused` and `dead` let the lane go on to the next message, the others stop it for this device.
 */
export type Verdict = (typeof VERDICTS)[number];

export const VERDICTS = ['delivered', 'away', 'later', 'refused', 'incapable', 'dead'] as const;

const BY_STATUS: Readonly<Record<number, Verdict>> = {
  400: 'dead', // what we sent is malformed to the device: it would be next time
  401: 'away', // our set-up is wrong: the path wants credentials that we don't have
  402: 'dead',
  403: 'dead',
  404: 'away', // the contact is stale
  405: 'incapable',
  406: 'refused',
  407: 'away',
  408: 'away',
  410: 'away', // the device is gone
  413: 'refused',
  414: 'dead',
  415: 'refused',
  416: 'dead',
  420: 'dead',
  430: 'away',
  433: 'dead',
  480: 'away',
  482: 'away', // a routing loop: our set-up is wrong
  483: 'away',
  488: 'refused',
  501: 'incapable',
  505: 'dead',
  513: 'refused',
  600: 'later', // busy everywhere
  603: 'dead', // RFC 3428 7: 6xx says that the user refused it
  604: 'dead',
  606: 'refused',
  607: 'dead',
  608: 'dead',
};

/** By class, for what the table does not name. */
const BY_CLASS: Readonly<Record<number, Verdict>> = {
  2: 'delivered',
  3: 'away', // moved: the next registration will tell where to
  4: 'later',
  5: 'later',
  6: 'dead',
};

/** @param overrides verdicts by status that the operator wants instead */
export function verdictOf(
  answer: Pick<Answer, 'status' | 'origin' | 'failure'>,
  overrides: Readonly<Record<string, Verdict>> = {},
): Verdict {
  if (answer.failure === 'unsendable') return 'dead';
  // No device answered (drachtio-server made the status up, or we gave up): that says nothing of the message.
  if (answer.origin !== 'peer') return 'away';
  return (
    overrides[answer.status] ??
    BY_STATUS[answer.status] ??
    BY_CLASS[Math.floor(answer.status / 100)] ??
    'later'
  );
}

/** Does a registration lift the back-off after this status? After `away` yes: the device is back. */
export function waitsForDevice(lastStatus: number, overrides?: Readonly<Record<string, Verdict>>): boolean {
  // Silence is recorded as 408, whatever the operator wants a device's own 408 to mean.
  if (lastStatus === 0 || lastStatus === 408 || lastStatus === 503) return true;
  return verdictOf({ status: lastStatus, origin: 'peer' }, overrides) === 'away';
}

/**
 * May a MESSAGE that failed live with this status be stored? 4xx and 5xx that say "not now" or "not this device";
 * 6xx, 403 and the other refusals go back to the sender.
 */
export function storable(status: number): boolean {
  return STORABLE.has(status) || (status >= 500 && status <= 599);
}

const STORABLE = new Set([404, 405, 408, 410, 415, 430, 480, 486]);

/**
 * With which status a sender hears of what a device answered, when that is not stored. As a B2BUA would: what only means
 * something together with a header of the device's answer (RFC 3261 8.1.3.5, 21.4) was said to us, and the
 * sender could do nothing with it.
 */
export function statusForSender(status: number): number {
  if (status >= 300 && status <= 399) return 480;
  return INSTEAD[status] ?? status;
}

const INSTEAD: Readonly<Record<number, number>> = {
  401: 480, // WWW-Authenticate: credentials that are asked of us
  405: 480, // Allow
  407: 480, // Proxy-Authenticate
  415: 480, // Accept
  416: 500, // of the scheme of the contact, not of the URI that the sender wrote to
  417: 500, // Accept-Resource-Priority
  420: 500, // Unsupported
  421: 500, // Require
  422: 500, // Min-SE
  423: 500, // Min-Expires
  424: 500, // Geolocation-Error
  469: 500, // Recv-Info
  470: 480, // Permission-Missing
  489: 500, // Allow-Events
  494: 500, // Security-Server
  503: 500, // RFC 3261 16.7: it would be taken for ours, and we for unable to serve anybody
};
