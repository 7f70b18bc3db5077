/** What the sender of a MESSAGE is told when it was to be stored. */
import type { SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { StoreResult } from './accept.ts';

export function answer({ respond }: Pick<Port, 'respond'>, res: SipResponse, result: StoreResult): void {
  if ('key' in result) respond(res, 202);
  else
    respond(res, result.status, {
      reason: result.result === 'unavailable' ? '' : result.reason,
      headers: result.retryAfter === undefined ? {} : { 'Retry-After': String(result.retryAfter) },
    });
}
