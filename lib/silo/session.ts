/**
 * One session of a lane: the box is leased, its messages are sent in order, each to the first device that takes it,
 * one in flight.
 */
import type { Answer, Port } from '../sip/port.ts';
import type { Binding, Deferral, Lease, Message, Store } from '../stores/store.ts';
import { logger } from '../log.ts';
import { deviceOf } from './bindings.ts';
import { deliveryOf, timeLeft } from './deliver.ts';
import type { SiloEmitter } from './events.ts';
import type { Breaker } from './breaker.ts';
import type { Flights } from './flights.ts';
import type { SiloSettings } from './options.ts';
import type { Pace } from './pace.ts';
import { backoff, retryAfter, verdictOf, waitsForDevice, type Verdict } from './outcome.ts';

const log = logger('silo:lane');
const PAGE = 20;

/** Why a lane was woken. A registration lifts the back-off of messages that waited for the device. */
export type Wake = 'register' | 'timer' | 'tail' | 'accept';

export interface SessionContext {
  readonly store: Store;
  readonly port: Port;
  readonly flights: Flights;
  readonly pace: Pace;
  readonly breaker: Breaker;
  readonly events: SiloEmitter;
  readonly settings: SiloSettings;
  readonly now: () => number;
  /** Devices of the box that can be sent to now; asked again before each message, so it is cheap. */
  readonly devices: () => Promise<readonly Binding[]>;
  /** May go on: the lease is fresh and nobody stops us. */
  readonly mayGoOn: () => boolean;
  /** Did the message end by other means since it was read (a late answer of a live attempt)? */
  readonly hasEnded: (key: string) => boolean;
  /** The box was looked into and nothing waits. */
  readonly foundEmpty: (mark: number) => void;
  readonly mark: () => number;
  /** The head of the box may not be sent before this time. */
  readonly sleepUntil: (time: number) => void;
  /** Nothing could be sent along this way for the moment: the lane runs again after so many ms. */
  readonly retryIn: (ms: number) => void;
  /** The device can't do MESSAGE. */
  readonly incapable: (binding: Binding) => void;
}

/** What sending one message to the devices led to; `ended`: not by us. */
type Sent = 'gone' | 'ended' | 'passed-over' | 'failed' | 'stop';

export async function runSession(context: SessionContext, lease: Lease, wake: Wake): Promise<void> {
  const { store, now } = context;
  /** Devices that failed in this session: no further message goes to them. */
  const out = new Set<string>();
  // Behind the last message that stays, not behind the last one sent: a row of another node may become visible after one
  // with a higher id, and what was sent when it had been accepted must not overtake it.
  let after = 0;
  let left = false;
  let first = true;
  for (;;) {
    const mark = context.mark();
    const page = await store.waiting(lease.box, now(), after, PAGE);
    if (page.length === 0) {
      if (!left) context.foundEmpty(mark);
      return;
    }
    const probe = first ? probeOrder(page) : undefined;
    first = false;
    for (const message of probe?.order ?? page) {
      if (!context.mayGoOn()) return;
      if (message.nextTime > now() && !(wake === 'register' && waitsForDevice(message.lastStatus))) {
        context.sleepUntil(message.nextTime);
        return;
      }
      const suspect = message === probe?.suspect;
      const sent = await sendToOne(context, lease, message, out, suspect);
      if (sent === 'stop') return;
      if (sent !== 'gone') after = Math.max(after, message.id);
      if (sent !== 'gone' && sent !== 'ended') left = true;
      // A failed message holds up those behind it (order), unless a probe has shown that the fault is its own.
      if (sent === 'failed' && !suspect) return;
    }
  }
}

/**
 * A head that failed twice is suspected to be the fault itself. Then the second message goes first, as a probe: if it
 * arrives, the head is tried again and stepped over should it fail; if not, the device is away and order is kept.
 */
function probeOrder(page: readonly Message[]): { order: readonly Message[]; suspect: Message } | undefined {
  const [head, second, ...rest] = page;
  if (!head || !second || head.attempts < 2) return undefined;
  return { order: [second, head, ...rest], suspect: head };
}

async function sendToOne(
  context: SessionContext,
  lease: Lease,
  message: Message,
  out: Set<string>,
  suspect: boolean,
): Promise<Sent> {
  const { store, now, settings } = context;
  const devices = (await context.devices()).filter((binding) => !out.has(deviceOf(binding)));
  if (devices.length === 0) return 'failed';
  let failure: { answer: Answer; verdict: Verdict } | undefined;
  let unable = 0;
  let paused = 0;
  for (const binding of devices) {
    const device = deviceOf(binding);
    if (message.refusedBy.includes(device)) continue;
    const answer = await attempt(context, message, binding);
    if (answer === 'gone') return 'ended';
    if (answer === 'paused') {
      out.add(device);
      paused++;
      continue;
    }
    const verdict = verdictOf(answer, settings.outcomes);
    log.debug(
      `${lease.box}: message ${message.id} to ${binding.contact}: ${answer.status} ${answer.reason} (${verdict})`,
    );
    switch (verdict) {
      case 'delivered':
      case 'dead': {
        const outcome = verdict === 'delivered' ? 'delivered' : 'dead';
        return end(context, lease, message, outcome, answer.status, answer.reason);
      }
      case 'refused':
        if (
          !(await store.defer(lease, message.id, {
            nextTime: 0,
            status: answer.status,
            strike: false,
            refusedBy: device,
          }))
        )
          return 'stop';
        break;
      case 'incapable':
        context.incapable(binding);
        out.add(device);
        unable++;
        break;
      case 'away':
      case 'later':
        if (!suspect) out.add(device);
        failure = { answer, verdict };
    }
  }
  // Every device refused it for good: it waits for another one, and those behind it go on.
  if (failure === undefined) return paused > 0 || unable === devices.length ? 'failed' : 'passed-over';

  const strike = failure.verdict === 'later' || suspect;
  if (strike && message.strikes + 1 >= settings.maxAttempts)
    return end(
      context,
      lease,
      message,
      'dead',
      failure.answer.status,
      `no success after ${settings.maxAttempts} attempts: ${failure.answer.reason}`,
    );
  const delay = Math.max(backoff(message.attempts + 1), retryAfter(failure.answer));
  const deferral: Deferral = { nextTime: now() + delay, status: failure.answer.status, strike };
  return (await store.defer(lease, message.id, deferral)) ? 'failed' : 'stop';
}

/**
 * Sends to one contact when its turn comes. `gone`: the message has ended or expired meanwhile; `paused`: the next hop
 * is not to be bothered now, nothing was sent.
 */
function attempt(
  context: SessionContext,
  message: Message,
  binding: Binding,
): Promise<Answer | 'gone' | 'paused'> {
  const { breaker, pace, port, now } = context;
  return context.flights.take(binding.contact, async () => {
    const first = deliveryOf(message, binding, now(), context.settings);
    if (first === undefined) return unreachable();
    const hop = first.proxy ?? first.uri;
    const wait = breaker.wait(hop);
    if (wait > 0) {
      context.retryIn(wait);
      return 'paused';
    }
    return pace.run(hop, message.box.slice(message.box.lastIndexOf('@') + 1), async () => {
      // Turns may take long: what was true when this one was asked for need not be true now.
      if (context.hasEnded(message.key) || message.expTime <= now()) return 'gone';
      if (!context.mayGoOn()) return 'paused';
      const answer = await port.send({
        ...first,
        headers: { ...first.headers, Expires: timeLeft(message, now()) },
      });
      // What never left says nothing of the way.
      if (answer.failure === undefined)
        breaker.report(hop, binding.contact, answer.status !== 503, retryAfter(answer));
      return answer;
    });
  });
}

function unreachable(): Answer {
  return {
    status: 404,
    reason: 'the contact is no URI that can be sent to',
    origin: 'local',
    failure: 'refused',
    header: () => undefined,
  };
}

async function end(
  { store, events }: SessionContext,
  lease: Lease,
  message: Message,
  outcome: 'delivered' | 'dead',
  status: number,
  reason: string,
): Promise<Sent> {
  if (!(await store.settle(lease, message, { outcome, status, reason }))) return 'stop';
  events.emit('ended', { box: message.box, key: message.key, outcome, status, reason });
  return 'gone';
}
