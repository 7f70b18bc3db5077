/** Authentication by trust alone: where nobody has a password, only trusted hops are served. */
import { SiloError } from '../base/errors.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { ASKED } from './asked.ts';
import { setIdentity, type Identity } from './identity.ts';

export function trustedOnly(
  port: Pick<Port, 'middleware'>,
  trust: { readonly identityOf: (req: SipRequest) => Identity | undefined },
): Middleware {
  return port.middleware('trustedOnly', (req, _, next) => {
    const identity = trust.identityOf(req);
    if (identity) setIdentity(req, identity);
    else if (ASKED.has(req.method))
      throw new SiloError(
        'SILO_REFUSED',
        `Only proxies that SILO_TRUST names are served, and ${req.source_address} is none.`,
        { status: 403 },
      );
    next();
  });
}
