/** What SUBSCRIBE and PUBLISH share: the one event package that is served here, and time limits (RFC 6665, RFC 3903). */
import { SiloError } from '../../base/errors.ts';
import { eventOf, type EventHeader } from '../../sip/read/event.ts';
import { expiresOf } from '../../sip/read/headers.ts';
import { checkUnderstood } from '../../sip/read/understood.ts';
import type { SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';

export const PACKAGE = 'message-summary';
/** Longest Event id, as its column has it. */
const MAX_ID = 128;
export const MEDIA_TYPE = 'application/simple-message-summary';

/** Goes with every answer that a client may learn from (RFC 6665 8.2.2). */
export const ALLOW_EVENTS = { 'Allow-Events': PACKAGE } as const;

/**
 * The Event header of a request for our package. Otherwise answers (400, 489), or says `other` when another handler may
 * answer it.
 * @throws SiloError 416, 420
 */
export function ourEvent(
  port: Port,
  req: SipRequest,
  res: SipResponse,
  otherEvents: 'refuse' | 'pass',
): EventHeader | 'answered' | 'other' {
  const event = eventOf(req);
  if (event === 'bad') {
    port.respond(res, 400, { reason: 'Bad Event', headers: ALLOW_EVENTS });
    return 'answered';
  }
  if (event?.type !== PACKAGE) {
    if (event !== undefined && otherEvents === 'pass') return 'other';
    port.respond(res, 489, { headers: ALLOW_EVENTS });
    return 'answered';
  }
  checkUnderstood(req);
  if (event.id.length > MAX_ID) {
    // It is echoed in every NOTIFY, whose headers have their limit.
    port.respond(res, 400, { reason: `An Event id has at most ${MAX_ID} characters`, headers: ALLOW_EVENTS });
    return 'answered';
  }
  return event;
}

export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/**
 * The lifetime that is granted: never longer than asked. `brief`: too short, which may only be said below one hour
 * (RFC 6665 4.2.1.1).
 * @throws SiloError 400 when Expires is no number
 */
export function lifetimeOf(req: SipRequest, limits: Limits): number | 'brief' {
  const asked = expiresOf(req);
  if (asked === 'bad')
    throw new SiloError('SILO_REFUSED', 'Expires is no number of seconds.', { status: 400 });
  return granted(asked, limits);
}

/** @param asked seconds; undefined: nothing was said of it */
export function granted(asked: number | undefined, { min, max, fallback }: Limits): number | 'brief' {
  const wanted = asked ?? fallback;
  return wanted > 0 && wanted < Math.min(min, 3600) ? 'brief' : Math.min(wanted, max);
}
