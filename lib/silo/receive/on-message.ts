/** A MESSAGE comes in: it goes into the box when its recipient is away or mail already waits there, else it goes on, live. */
import type { Handler, Next, SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { causeOf } from '../../sip/read/cause.ts';
import type { MessageStore } from '../../stores/contract/messages.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { SiloContext } from '../state/context.ts';
import { backoff } from '../state/retry-times.ts';
import { storable } from '../state/outcome.ts';
import type { WakeBox } from '../state/wake.ts';
import type { Acceptor } from './accept.ts';
import { answer } from './answer.ts';
import { boxOf } from './box-of-request.ts';
import { keyOf, sendAtOf, whyNotStored } from './message-of-request.ts';
import type { RegistrationRace, RegistrationRaces } from './registration-race.ts';
import { sendTimeOf } from './send-at.ts';
import type { UnderWay } from './under-way.ts';

export interface OnMessageContext extends Pick<SiloContext, 'settings' | 'now'> {
  readonly port: Pick<Port, 'respond'>;
  readonly store: Pick<MessageStore, 'holdsMail'>;
  readonly bindings: Pick<BindingSource, 'find'>;
  readonly boxes: Pick<SiloContext['boxes'], 'mayHaveMail'>;
  readonly acceptor: Pick<Acceptor, 'store'>;
  readonly races: Pick<RegistrationRaces, 'watch'>;
  readonly underWay: UnderWay;
  /** Has a device taken the message with this key lately? */
  readonly wasDelivered: (key: string) => boolean;
  readonly wake: WakeBox;
}

/** A MESSAGE with what was found out about it. */
interface Incoming {
  readonly req: SipRequest;
  readonly res: SipResponse;
  readonly next: Next;
  readonly box: string;
  /** Has its recipient a device that is registered? */
  readonly live: boolean;
  readonly race: RegistrationRace;
}

export function onMessage(context: OnMessageContext): Handler {
  return async (req, res, next) => {
    const box = boxOf(req, context.settings);
    if (box === undefined) {
      next();
      return;
    }
    const copy = context.underWay.answerCopy(req, res, box);
    if (copy) return copy;
    // A device that registers from here on finds nothing in the box yet: it is woken when the message is in.
    const race = context.races.watch(box);
    try {
      const live = (await context.bindings.find(box)).length > 0;
      const incoming = { req, res, next, box, live, race };
      if (!(await storeForAll(context, incoming))) await storeOrPass(context, incoming);
    } finally {
      race.end();
    }
  };
}

/** What is for more than those who are there now, or for later, goes by way of the box in any case. False for all else. */
async function storeForAll(context: OnMessageContext, incoming: Incoming): Promise<boolean> {
  const { settings, now, acceptor, port, wake } = context;
  const { req, res, box, live, race } = incoming;
  const every = settings.deliverTo === 'every' && whyNotStored(req, settings) === undefined;
  const sendAt = sendAtOf(req, settings);
  const timed = sendAt !== undefined;
  if (!every && !timed) return false;
  const result = await acceptor.store(req, { skipNotice: live && !timed });
  answer(port, res, result);
  // A message whose time is still to come is woken by the sweep.
  const due = !timed || !('key' in result) || sendTimeOf(sendAt, now(), settings) === 0;
  if ('key' in result && due && (live || race.happened())) wake(box, 'accept');
  return true;
}

/** Stored for a recipient who is away, or behind what waits; else handed on to be delivered live. */
async function storeOrPass(context: OnMessageContext, incoming: Incoming): Promise<void> {
  const { boxes, store, now, acceptor, port, wake } = context;
  const { req, res, next, box, live, race } = incoming;
  // A live message never overtakes what waits, whichever node stored it.
  const behind = live && (boxes.mayHaveMail(box) || (await store.holdsMail(box, now())));
  // A proxy in front has just tried the devices: the same again would only double the message.
  const tried = live && storable(causeOf(req.uri) ?? 0);
  if (live && !behind && !tried) {
    // A sender that never heard our 202 repeats what has been delivered from the box meanwhile.
    if (context.wasDelivered(keyOf(req, box))) port.respond(res, 202);
    else next();
    return;
  }
  const result = await acceptor.store(req, tried ? { nextTime: now() + backoff(1) } : { skipNotice: behind });
  answer(port, res, result);
  if ('key' in result && (behind || race.happened())) wake(box, behind ? 'accept' : 'register');
}
