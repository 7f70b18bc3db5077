/**
 * MESSAGEs that have no final answer yet, by the key that finished ones are known by. A request that has come by two ways, or
 * that its sender repeats in a new transaction before the first one is over, is one message (RFC 3261 8.2.2.2): it is
 * handled once. The copy gets the first one's answer, since a sender who hears only of a failure would write again;
 * where that answer does not come in time it gets 482.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Expiring } from '../../base/expiring.ts';
import { logger } from '../../base/log.ts';
import type { SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { header } from '../../sip/read/headers.ts';
import { statusForSender } from '../state/outcome.ts';
import { keyOf } from './message-of-request.ts';

const log = logger('silo');

/** No transaction without INVITE lasts longer, ms (RFC 3261 17.1.2.2); a host app may forget to answer one. */
const LONGEST = 32_000;
/** A copy waits so long, ms: longer than a live attempt may take, shorter than any handler may. */
const COPY_WAITS = 12_000;

export interface UnderWay {
  /**
   * Of a request that is a copy of one under way: it is answered here, and nobody else may touch it; resolves then. Undefined
   * for any other, which is under way from now on. A request that passes several handlers is no copy of itself.
   */
  readonly answerCopy: (req: SipRequest, res: SipResponse, box: string) => Promise<void> | undefined;
}

interface First {
  readonly res: SipResponse;
  /** Copies that wait for its final answer. */
  readonly copies: ((status: number) => void)[];
}

export function createUnderWay(
  { respond, onReconnect }: Pick<Port, 'respond' | 'onReconnect'>,
  copyWaits = COPY_WAITS,
): UnderWay {
  const underWay = new Expiring<First>({ life: LONGEST });
  // What came in by a connection that was lost can't be answered any more: its repeat is handled.
  onReconnect(() => underWay.clear());

  function begin(key: string, res: SipResponse): void {
    const first: First = { res, copies: [] };
    underWay.set(key, first);
    res.once('end', ({ status }) => {
      if (underWay.get(key) === first) underWay.delete(key);
      for (const answered of first.copies) answered(status);
    });
  }

  async function follow({ copies }: First, res: SipResponse): Promise<void> {
    const answered = new Promise<number>((resolve) => copies.push(resolve));
    const status = await Promise.race([answered, sleep(copyWaits, undefined, { ref: false })]);
    if (status === undefined) respond(res, 482, { reason: 'The same request is still under way' });
    else
      respond(
        res,
        status === 503 ? status : statusForSender(status),
        status === 503 ? { headers: { 'Retry-After': '10' } } : {},
      );
  }

  return {
    answerCopy: (req, res, box) => {
      const key = keyOf(req, box);
      const first = underWay.get(key);
      if (first === undefined) begin(key, res);
      if (first === undefined || first.res === res) return undefined;
      const callId = header(req, 'Call-ID') ?? '';
      log.debug(`a MESSAGE for ${box} came again before the first one was answered`, { box, callId, key });
      return follow(first, res);
    },
  };
}
