/** One message to one contact: its turn, its pace, and how long its answer is waited for. */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { localAnswer } from '../../sip/drachtio/local-answer.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { Unreachable } from '../../sip/drachtio/way.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { flowOf } from '../../sip/read/rebinding.ts';
import { splitAor } from '../../sip/read/uri.ts';
import type { Message } from '../../stores/contract/message.ts';
import type { CircuitBreaker } from '../pace/circuit-breaker.ts';
import type { RateLimit } from '../pace/rate-limit.ts';
import type { SetupAlert } from '../pace/setup-alert.ts';
import type { InFlight } from '../state/in-flight.ts';
import type { SiloSettings } from '../state/options.ts';
import type { UnreachableDevices } from '../state/unreachable-devices.ts';
import { retryAfter } from '../state/retry-times.ts';
import type { Verdict } from '../state/outcome.ts';
import { deliveryOf, timeLeft } from './outgoing-message.ts';

const log = logger('silo:lane');

export interface AttemptContext {
  readonly port: Pick<Port, 'send'>;
  readonly inFlight: InFlight;
  readonly unreachable: Pick<UnreachableDevices, 'answered'>;
  readonly rateLimit: RateLimit;
  readonly breaker: CircuitBreaker;
  readonly setupAlert: SetupAlert;
  readonly settings: SiloSettings;
  readonly now: () => number;
  /** May go on: the lease is fresh, and this node does not stop. */
  readonly mayGoOn: () => boolean;
  /** Did the message end by other means since it was read (a late answer of a live attempt)? */
  readonly hasEnded: (key: string) => boolean;
  /** Calls the listener when the device no longer has this contact; the result ends that. */
  readonly onLeaving: (binding: Binding, listener: () => void) => () => void;
  /** A device took the message after we had stopped waiting for its answer. */
  readonly lateDelivery: (key: string) => Promise<unknown>;
}

export interface Failure {
  readonly answer: Answer;
  readonly verdict: Verdict;
}

/** Nothing may be sent for so many ms, along this way (`hop`) or at all (`node`). */
export interface Paused {
  readonly paused: number;
  readonly by: 'hop' | 'node';
}

/** `gone`: the message has ended or expired meanwhile. */
type Attempted = Answer | 'gone' | Paused;

/**
 * A silent device is waited for until drachtio-server gives up (32 s), since nothing else may be sent to it meanwhile;
 * but only briefly once the device has left this contact, or when another device could take the message.
 */
export async function attempt(
  context: AttemptContext,
  message: Message,
  binding: Binding,
  others: boolean,
): Promise<Attempted> {
  const waiting = { over: false };
  const sending = context.inFlight.take(flowOf(binding), async (): Promise<Attempted> => {
    if (waiting.over) return 'gone';
    return sendNow(context, message, binding, () => !waiting.over);
  });
  const answer = await awaitAnswer(context, binding, others, sending);
  if (answer !== undefined) return answer;
  waiting.over = true;
  void sending
    .then((late) => {
      const taken = typeof late === 'object' && 'status' in late && late.status >= 200 && late.status < 300;
      return taken ? context.lateDelivery(message.key) : undefined;
    })
    .catch((error: unknown) => log.warn(`a late answer could not be recorded: ${textOf(error)}`));
  return localAnswer('timeout', 'the device has left, or another one is tried');
}

/** What came of the sending, or undefined when it is no longer waited for. */
function awaitAnswer(
  context: AttemptContext,
  binding: Binding,
  others: boolean,
  sending: Promise<Attempted>,
): Promise<Attempted | undefined> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const shortenTimeout = () => {
      timer ??= setTimeout(() => {
        finish();
        resolve(undefined);
      }, context.settings.liveTimeout);
    };
    const stop = context.onLeaving(binding, shortenTimeout);
    const finish = () => {
      clearTimeout(timer);
      stop();
    };
    if (others) shortenTimeout();
    sending.finally(finish).then(resolve, reject);
  });
}

/** @param wanted is somebody still waiting for what comes of it? */
async function sendNow(
  context: AttemptContext,
  message: Message,
  binding: Binding,
  wanted: () => boolean,
): Promise<Attempted> {
  const { breaker, rateLimit, port, now } = context;
  if (message.seal !== undefined) {
    log.warn(`message ${message.id} is encrypted with the key "${message.seal}", and can't be read`);
    return localAnswer('unsendable', `It can't be decrypted with the key "${message.seal}"`);
  }
  const request = deliveryOf(message, binding, now(), context.settings);
  if (request instanceof Unreachable) return localAnswer('target', request.reason);
  const hop = request.proxy ?? request.uri;
  const wait = breaker.wait(hop);
  if (wait > 0) return { paused: wait, by: 'hop' };
  return rateLimit.run(hop, splitAor(message.box).host, async () => {
    // Turns may take long: what was true when this one was asked for need not be true now.
    const hasGone = () => context.hasEnded(message.key) || message.expTime <= now();
    if (hasGone()) return 'gone';
    if (!context.mayGoOn()) return { paused: 1000, by: 'node' };
    const answer = await port.send({
      ...request,
      headers: { ...request.headers, Expires: timeLeft(message, now()) },
      wanted: () => wanted() && !hasGone() && context.mayGoOn(),
    });
    if (answer.failure === 'withdrawn') return hasGone() || !wanted() ? 'gone' : { paused: 1000, by: 'node' };
    context.unreachable.answered(binding, answer);
    // Without drachtio-server nothing is known of the device: soon again, and nothing is counted.
    if (answer.failure === 'disconnected') return { paused: 1000, by: 'node' };
    if (answer.origin === 'peer') context.setupAlert.heard(hop, answer.status);
    // What never left says nothing of the way.
    if (answer.failure === undefined)
      breaker.report(hop, binding.contact, answer.status !== 503, retryAfter(answer));
    return answer;
  });
}
