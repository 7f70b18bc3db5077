/** The failure route: a MESSAGE that was not delivered live is stored, when its status says "not now" or "not this device". */
import { SiloError } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { FailureHandler } from '../../sip/drachtio/messages.ts';
import { wasProxied } from '../../sip/drachtio/proxied.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { storable } from '../state/outcome.ts';
import type { Acceptor } from './accept.ts';
import { answer } from './answer.ts';
import { receiveFailed, statusOf } from './reception.ts';

const log = logger('silo');

const PROXIED =
  'A MESSAGE that srf.proxyRequest has sent is not stored: its sender has had the failure from drachtio-server already, and will send ' +
  'it again. Use silo.onLive as the router, or srf.request and next(error).';

export interface OnFailureContext {
  readonly port: Pick<Port, 'respond'>;
  readonly acceptor: Pick<Acceptor, 'store'>;
  readonly now: () => number;
}

export function onFailure({ port, acceptor, now }: OnFailureContext): FailureHandler {
  return async (error, req, res, next) => {
    if (req.method !== 'MESSAGE' || res.finalResponseSent || !storable(statusOf(error))) {
      next(error);
      return;
    }
    if (wasProxied(req)) {
      log.error(PROXIED);
      next(new SiloError('SILO_USAGE', PROXIED, { status: 500, cause: error }));
      return;
    }
    const result = await receiveFailed({ acceptor, now }, { req }, error);
    if (result) answer(port, res, result);
  };
}
