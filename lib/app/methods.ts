/** What the application answers to methods that no feature has: OPTIONS, and a plain no to the rest. */
import type { Readiness } from '../admin/health/readiness.ts';
import { SiloError } from '../base/errors.ts';
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

/**
 * Answers OPTIONS (RFC 3261 11) with what a MESSAGE would meet: 200, or 503 with Retry-After while the database is away or there
 * is too much to do. Load balancers and dispatchers ping by it.
 */
export function answerOptions(port: Port, readiness: () => Promise<Readiness>): Middleware {
  return port.middleware('answerOptions', async (req, res) => {
    checkUnderstood(req);
    const { ready, why } = await readiness();
    if (!ready) {
      log.warn(`OPTIONS gets 503: ${why}`);
      throw new SiloError('SILO_STORE_UNAVAILABLE', why, { status: 503, retryAfter: 10 });
    }
    port.respond(res, 200, { headers: { ...ALLOW, ...ALLOW_EVENTS, Accept: '*/*' } });
  });
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
