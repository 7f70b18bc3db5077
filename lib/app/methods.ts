/** What the application answers to methods that no feature has: OPTIONS, and a plain no to the rest. */
import { SiloError, textOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import { isInDialog } from '../sip/read/dialog.ts';
import { eventOf } from '../sip/read/event.ts';
import { checkUnderstood } from '../sip/read/understood.ts';

const log = logger('app');

const ALLOW = { Allow: 'REGISTER, MESSAGE, SUBSCRIBE, PUBLISH, OPTIONS' } as const;
const ALLOW_EVENTS = { 'Allow-Events': 'message-summary' } as const;

/** drachtio-server hands these on when they are asked for; without, it says 503, and proxies take the node out of service. */
export const UNSERVED_METHODS = ['notify', 'info', 'invite', 'refer'] as const;

/** Milliseconds for which a look at the database is good: dispatchers ask often. */
const FRESH = 1000;

/**
 * Answers OPTIONS (RFC 3261 11) with what a MESSAGE would meet: 200, or 503 with Retry-After while the database is away.
 * Load balancers and dispatchers ping by it.
 * @param check rejects when the database can't be used now
 */
export function answerOptions(port: Port, check: () => Promise<void>): Middleware {
  const isWell = remembered(check);
  return port.middleware('answerOptions', async (req, res) => {
    checkUnderstood(req);
    if (!(await isWell()))
      throw new SiloError('SILO_STORE_UNAVAILABLE', 'The database is away.', { status: 503, retryAfter: 10 });
    port.respond(res, 200, { headers: { ...ALLOW, ...ALLOW_EVENTS, Accept: '*/*' } });
  });
}

function remembered(check: () => Promise<void>): () => Promise<boolean> {
  let at = -Infinity;
  let last: Promise<boolean> = Promise.resolve(true);
  return () => {
    if (performance.now() - at < FRESH) return last;
    at = performance.now();
    last = check().then(
      () => true,
      (error: unknown) => {
        log.warn(`OPTIONS gets 503: ${textOf(error)}`);
        return false;
      },
    );
    return last;
  };
}

/**
 * The answer to {@link UNSERVED_METHODS}: 405 with Allow (RFC 3261 8.2.1). A NOTIFY of a dialog gets 481, one of another
 * event package 489 (RFC 6665 4.1.3): nobody here has subscribed to anything.
 */
export function refuseMethod(port: Port): Middleware {
  return port.middleware('refuseMethod', (req, res) => {
    if (req.method === 'NOTIFY') {
      const event = eventOf(req);
      if (typeof event === 'object' && event.type !== 'message-summary') {
        port.respond(res, 489, { headers: ALLOW_EVENTS });
        return;
      }
      if (isInDialog(req)) {
        port.respond(res, 481);
        return;
      }
    }
    port.respond(res, 405, { headers: ALLOW });
  });
}
