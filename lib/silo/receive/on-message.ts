/** A MESSAGE comes in by SIP: it goes into the box when its recipient is away or mail already waits there, else it goes on, live. */
import type { Handler } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { WakeBox } from '../state/wake.ts';
import { answer } from './answer.ts';
import { boxOf } from './box-of-request.ts';
import { receive, type ReceptionContext } from './reception.ts';
import type { UnderWay } from './under-way.ts';

export interface OnMessageContext extends ReceptionContext {
  readonly port: Pick<Port, 'respond'>;
  readonly underWay: UnderWay;
  readonly wake: WakeBox;
}

export function onMessage(context: OnMessageContext): Handler {
  const { settings, port, underWay, wake } = context;
  return async (req, res, next) => {
    const box = boxOf(req, settings);
    if (box === undefined) {
      next();
      return;
    }
    const copy = underWay.answerCopy(req, res, box);
    if (copy) return copy;
    const reception = await receive(context, { req, box });
    switch (reception.way) {
      case 'live':
        next();
        return;
      case 'taken':
        port.respond(res, 202);
        return;
      case 'box':
        answer(port, res, reception.result);
        if (reception.wake) wake(box, reception.wake);
    }
  };
}
