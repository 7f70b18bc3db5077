/** Sends a MESSAGE to all devices of its recipient at once: 200 when one takes it, else it fails, and the failure route stores it. */
import { span } from '../../base/span.ts';
import { tagOf } from '../../base/sha256.ts';
import type { Handler, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { boxOf } from '../receive/box-of-request.ts';
import { LiveFailure } from '../receive/live-failure.ts';
import { keyOf } from '../receive/message-of-request.ts';
import type { Incoming } from '../receive/reception.ts';
import type { UnderWay } from '../receive/under-way.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { LateDelivery } from './late-delivery.ts';
import { deliverLive, type LiveContext } from './live.ts';

export interface SendLiveContext extends Omit<LiveContext, 'answerSender' | 'lateDelivery'> {
  readonly bindings: Pick<BindingSource, 'find'>;
  readonly late: Pick<LateDelivery, 'remember' | 'deliver'>;
}

export interface OnLiveContext extends SendLiveContext {
  readonly port: LiveContext['port'] & Pick<Port, 'respond'>;
  readonly underWay: UnderWay;
}

/**
 * Resolves when a device took it and its sender has the answer.
 *
 * @param tellSender resolves when the sender knows, or never will; it never rejects
 * @throws LiveFailure when no device took it, SiloError when it can't be sent at all
 */
export async function sendLive(
  context: SendLiveContext,
  { req, box }: Incoming,
  tellSender: () => Promise<void>,
): Promise<void> {
  const { late, bindings } = context;
  const answerSender = () => {
    // It may not hear the 200 and send its message again.
    late.remember(keyOf(req, box));
    return tellSender();
  };
  // A recipient whose last device has left since `receive` looked has none: that is a failure like any other.
  await span(
    'attempt',
    {
      kind: 'CLIENT',
      about: () => ({ 'silo.key': keyOf(req, box), 'silo.box': tagOf(box), 'silo.attempt': 0 }),
      came: () => ({ 'silo.verdict': 'delivered' }),
    },
    async () =>
      deliverLive({ ...context, answerSender, lateDelivery: late.deliver }, req, await bindings.find(box)),
  );
}

export function onLive(context: OnLiveContext): Handler {
  const { settings, underWay } = context;
  return async (req, res, next) => {
    const box = boxOf(req, settings);
    if (box === undefined) {
      next();
      return;
    }
    const copy = underWay.answerCopy(req, res, box);
    if (copy) return copy;
    try {
      await sendLive(context, { req, box }, () => answered(context, res));
    } catch (error) {
      // A live failure goes to the failure route; a MESSAGE that can't be sent at all is refused right here.
      if (!(error instanceof LiveFailure)) throw error;
      next(error);
    }
  };
}

/** Resolves when the 200 is on the wire, or never will be. */
function answered({ port }: OnLiveContext, res: SipResponse): Promise<void> {
  return new Promise((resolve) => port.respond(res, 200, { onSent: () => resolve() }));
}
