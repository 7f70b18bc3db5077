/** The failure route: a MESSAGE that was not delivered live is stored, when its status says "not now" or "not this device". */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { FailureHandler } from '../../sip/drachtio/messages.ts';
import { wasProxied } from '../../sip/drachtio/proxied.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { backoff } from '../state/retry-times.ts';
import { storable } from '../state/outcome.ts';
import type { Acceptor } from './accept.ts';
import { answer } from './answer.ts';
import { LiveFailure } from './live-failure.ts';

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
    const status = statusOf(error);
    if (req.method !== 'MESSAGE' || res.finalResponseSent || !storable(status)) {
      next(error);
      return;
    }
    if (wasProxied(req)) {
      log.error(PROXIED);
      next(new SiloError('SILO_USAGE', PROXIED, { status: 500, cause: error }));
      return;
    }
    log.debug(`live delivery failed with ${status} (${textOf(error)}): storing`);
    const elsewhere = error instanceof LiveFailure && !error.triedAll;
    answer(port, res, await acceptor.store(req, elsewhere ? {} : { nextTime: now() + backoff(1) }));
  };
}

/** The SIP status that an error stands for; without one it is a fault of ours, and the message is worth keeping. */
function statusOf(error: unknown): number {
  if (error instanceof LiveFailure) return error.answered;
  const status =
    typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : NaN;
  return status >= 300 && status <= 699 ? status : 500;
}
