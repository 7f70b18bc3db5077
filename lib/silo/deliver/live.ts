/**
 * Live delivery: a MESSAGE for a recipient who is registered goes to all devices at once, to each along one flow, the first 2xx wins. Without one
 * within the time limit it fails with the best status, and the failure route stores it. A 2xx that comes after that still
 * counts: the stored copy is ended.
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Answer, OutgoingRequest, SipRequest } from '../../sip/drachtio/messages.ts';
import { localAnswer } from '../../sip/drachtio/local-answer.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { Unreachable } from '../../sip/drachtio/way.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { header } from '../../sip/read/headers.ts';
import { flowOf } from '../../sip/read/rebinding.ts';
import { reachableFrom } from '../../sip/read/next-hop.ts';
import { LiveFailure } from '../receive/live-failure.ts';
import { messageOf } from '../receive/message-of-request.ts';
import { fieldsOf } from '../state/log-fields.ts';
import { storable } from '../state/outcome.ts';
import type { SiloContext } from '../state/context.ts';
import type { UnreachableDevices } from '../state/unreachable-devices.ts';
import { isSecureEnough } from './capabilities.ts';
import { alongFlows, flowsByDevice } from './live-flows.ts';
import { callIdOf, deliveryOf } from './outgoing-message.ts';

const log = logger('silo:live');

export interface LiveContext extends Pick<SiloContext, 'inFlight' | 'settings' | 'now'> {
  readonly port: Pick<Port, 'send' | 'server'>;
  readonly unreachable: Pick<UnreachableDevices, 'answered'>;
  /** Tells the sender that a device took the message; resolves when that is on the wire, or never will be. */
  readonly answerSender: () => Promise<void>;
  /** A device took the message after its sender had been answered otherwise. */
  readonly lateDelivery: (key: string) => Promise<unknown>;
}

/** It has no row. */
const UNTRIED = {
  id: 0,
  attempts: 0,
  strikes: 0,
  lastStatus: 0,
  refusedBy: [],
  takenBy: [],
} as const;

/** A live message has not waited: nothing is added to it. */
const AS_IT_CAME = { addDate: false, addContact: false, extraHeaders: {}, reminderFrom: '' } as const;

/** Resolves when a device took it and its sender has the answer, rejects with a LiveFailure. */
export async function deliverLive(
  { port, inFlight, unreachable, settings, now, answerSender, lateDelivery }: LiveContext,
  req: SipRequest,
  bindings: readonly Binding[],
): Promise<void> {
  // The message that would be stored, with the same identity; `Expires: 0` is no obstacle here.
  const message = { ...messageOf(req, settings, now(), { live: true }), ...UNTRIED };
  // A live message is good for as long as its sender says, and for no set time when the sender says nothing.
  const expires = header(req, 'Expires');
  const answers: Answer[] = [];
  const sender = { answered: false };
  const tooLate = () => sender.answered;

  const capable = bindings.filter((binding) => binding.takesMessage);
  const able = capable.filter((binding) => isSecureEnough(message, binding, settings.outboundProxy));
  const reachable = able.filter((binding) => reachableFrom(port.server(), binding));
  const senderAnswered = deferred();
  const send = (binding: Binding, told: (answer: Answer) => Promise<void>) =>
    inFlight.take(flowOf(binding), async () => {
      // Its turn came too late: the message is in the silo by now.
      if (tooLate()) return;
      const request = deliveryOf(message, binding, now(), { ...settings, ...AS_IT_CAME });
      if (request instanceof Unreachable) return told(localAnswer('target', request.reason));
      const answer = await port.send({ ...request, headers: withExpires(request.headers, expires) });
      const { status, reason } = answer;
      log.debug(`${message.box}: live to ${binding.contact}: ${status} ${reason}`, {
        ...fieldsOf(message, settings),
        ...{ contact: binding.contact, sentAs: callIdOf(message, settings), status },
      });
      unreachable.answered(binding, answer);
      if (!tooLate()) return told(answer);
      if (isSuccess(answer))
        await lateDelivery(message.key).catch((error: unknown) =>
          log.warn(`a late answer could not be recorded: ${textOf(error)}`),
        );
    });
  const attempts = flowsByDevice(reachable).map((flows) => {
    const tried = deferred();
    const answered = async (answer: Answer) => {
      answers.push(ofDevice(answer));
      tried.resolve();
      // The next message to this device leaves when the sender of this one knows: if we die, one is in doubt, not two.
      if (isSuccess(answer)) await senderAnswered.promise;
    };
    const patience = settings.liveTimeout / flows.length;
    alongFlows(flows, { send, answered, patience }).then(tried.resolve, tried.resolve);
    return tried.promise;
  });

  const answer = await firstSuccess(attempts, answers, settings.liveTimeout);
  sender.answered = true;
  if (answer) await answerSender();
  senderAnswered.resolve();
  if (answer) return;
  const { status, reason } = best(answers, attempts.length);
  // What waits for a device with a secure way has not failed: there is nothing to try again at a set time.
  const waits = able.length === 0 && capable.length > 0;
  throw new LiveFailure(status, reason, reachable.length === able.length && !waits);
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function withExpires(
  headers: OutgoingRequest['headers'],
  expires: string | undefined,
): Record<string, string> {
  const others = Object.entries(headers).filter(([name]) => name !== 'Expires');
  return { ...Object.fromEntries(others), ...(expires === undefined ? {} : { Expires: expires }) };
}

function firstSuccess(
  attempts: readonly Promise<void>[],
  answers: readonly Answer[],
  limit: number,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), limit);
    let left = attempts.length;
    const check = () => {
      const success = answers.find(isSuccess);
      if (!success && --left > 0) return;
      clearTimeout(timer);
      resolve(success);
    };
    if (left === 0) {
      left = 1;
      check();
    }
    for (const attempt of attempts) attempt.then(check, check);
  });
}

/** What drachtio-server has made up (416 for `sips:` when it has no TLS) is said of a device that can't be reached, not of the message. */
function ofDevice(answer: Answer): Answer {
  return answer.origin === 'peer' || storable(answer.status) ? answer : { ...answer, status: 480 };
}

/** RFC 3261 16.7: a 6xx decides; else the lowest class; silence is 408. */
function best(answers: readonly Answer[], asked: number): { status: number; reason: string } {
  const final = [...answers].sort((a, b) => rank(a.status) - rank(b.status))[0];
  if (final && (final.status >= 600 || answers.length === asked)) return final;
  return asked === 0
    ? { status: 480, reason: 'no device takes MESSAGE' }
    : { status: 408, reason: 'no answer in time' };
}

function rank(status: number): number {
  return status >= 600 ? 0 : Math.floor(status / 100) * 1000 + status;
}

function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}
