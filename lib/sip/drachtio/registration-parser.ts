/**
 * drachtio-mw-registration-parser gives `req.registration` the shape that drachtio apps know, but refuses legal
 * requests (a query, a contact without expiry) and stops when used twice. Behind this guard it only ever sees what it
 * can read; what it can't read passes without `req.registration`, and our own reading decides.
 */
import parser from 'drachtio-mw-registration-parser';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Next, SipRequest, SipResponse } from './messages.ts';
import type { Middleware } from './port.ts';
import { header, splitList } from '../read/headers.ts';
import { MOST_CONTACTS } from '../read/registration.ts';

const log = logger('sip:registration');

type Parser = (req: SipRequest, res: SipResponse, next: Next) => void;

export function registrationParser(): Middleware {
  const parse = parser as Parser;
  const guarded = function registrationParser(
    req: SipRequest & { registration?: unknown },
    res: SipResponse,
    next: Next,
  ): void {
    if (!readable(req)) {
      next();
      return;
    }
    const progress = { handedOn: false };
    try {
      parse(req, res, (error) => {
        progress.handedOn = true;
        next(error);
      });
    } catch (error) {
      // Not ours to die of: `Contact: <sip:a@b>,` is too much for it. What comes behind it answers for itself.
      if (progress.handedOn) throw error;
      log.debug(`drachtio-mw-registration-parser: ${textOf(error)}`);
      next();
    }
  };
  return guarded as unknown as Middleware;
}

/** Would the parser get through without an answer or an exception of its own? */
function readable(req: SipRequest & { registration?: unknown }): boolean {
  if (req.method !== 'REGISTER' || req.registration !== undefined) return false;
  const contact = header(req, 'Contact');
  if (contact === undefined || contact === '' || splitList(contact).length > MOST_CONTACTS) return false;
  const first = /^[^,]*/.exec(contact)?.[0] ?? '';
  return header(req, 'Expires') !== undefined || /;\s*expires\s*=\s*\d/i.test(first);
}
