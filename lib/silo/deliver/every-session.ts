/**
 * A session in which every known device gets every message (`deliverTo: 'every'`): the box is leased as always, and each
 * device is served by a run of its own, in order and one in flight, so that a slow one keeps nobody waiting.
 */
import type { Binding } from '../../sip/read/binding.ts';
import type { Message, Place } from '../../stores/contract/message.ts';
import type { Lease } from '../../stores/contract/leases.ts';
import { attempt, type Failure } from './attempt.ts';
import { deviceOf } from '../state/bindings.ts';
import { SAME_TYPE } from './capabilities.ts';
import { recordAttempt } from './settle.ts';
import { DeviceBackoff } from './device-backoff.ts';
import { verdictOf } from '../state/outcome.ts';
import { PendingDevices, type Done } from './pending-devices.ts';
import type { SessionContext, SessionEnd, Wake } from './first-session.ts';

const PAGE = 20;
/** After so many failed attempts the message itself is suspected. */
const SUSPECT = 2;

export interface EveryContext extends SessionContext {
  /** All registered devices, whichever node reaches them. */
  readonly registered: () => Promise<readonly Binding[]>;
  /** Can the device take messages? */
  readonly able: (binding: Binding) => boolean;
  /** Calls the listener when the lane is woken or its devices change; the result ends that. */
  readonly onWake: (listener: () => void) => () => void;
}

/** What became of a message with one device. */
type Sent =
  | Done
  | { readonly kind: 'gone' | 'unable' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'again'; readonly ms: number };

export async function runEverySession(context: EveryContext, lease: Lease, wake: Wake): Promise<SessionEnd> {
  const { store, now } = context;
  const { box } = lease;
  // What is due is looked at now; whoever can't be reached waits for a registration.
  await store.park(box, now(), 0);
  const holds = new DeviceBackoff(context, lease, wake, await store.deviceStates(box));
  const owed = new PendingDevices(context, lease, holds.states);
  const taken = new Map<string, number>();
  const unable = new Set<string>();
  const again = await runAll(context, async (device) => {
    const end = await serveDevice(context, box, device, holds, owed, taken);
    if (end === 'unable') unable.add(device);
    return typeof end === 'number' ? end : 0;
  });
  await store.parkDevices(box, now());
  // Who is owed what changes with the devices, not with each message: the look at all that wait is not for each of those.
  if (wake === 'register' || unable.size > 0) await endThoseDone(context, box, owed);
  if (again > 0) return { kind: 'again', ms: again };
  const mark = context.mark();
  const left = await store.waiting(box, now(), 1);
  return left.length === 0 ? { kind: 'empty', mark } : { kind: 'waits' };
}

/** What no device is owed any more ends, though the last one was not done with it: it turned out unable, or was forgotten. */
async function endThoseDone({ store, now }: EveryContext, box: string, owed: PendingDevices): Promise<void> {
  let after: Place | undefined;
  for (;;) {
    const page = await store.waiting(box, now(), PAGE, after);
    if (page.length === 0) return;
    for (const message of page) await owed.endIfDone(message);
    after = page.at(-1);
  }
}

/** A run for each device, also for those that come meanwhile. The longest pause that one of them asked for, in ms. */
async function runAll(context: EveryContext, serve: (device: string) => Promise<number>): Promise<number> {
  const running = new Map<string, Promise<void>>();
  const done = new Set<string>();
  let again = 0;
  let woken: () => void = () => undefined;
  const stop = context.onWake(() => {
    // Something new: everybody looks once more.
    done.clear();
    woken();
  });
  try {
    for (;;) {
      const wake = new Promise<void>((resolve) => (woken = resolve));
      for (const device of new Set((await context.devices()).map(deviceOf))) {
        if (running.has(device) || done.has(device)) continue;
        done.add(device);
        const run = serve(device)
          .then((pause) => void (again = Math.max(again, pause)))
          .finally(() => running.delete(device));
        running.set(device, run);
      }
      if (running.size === 0) return again;
      await Promise.race([wake, ...running.values()]);
    }
  } finally {
    stop();
    // One that failed does not leave the others behind.
    await Promise.allSettled(running.values());
  }
}

/** Sends a device what it is owed, in order. The pause after which to go on, in ms; 0 when all is done or held. */
async function serveDevice(
  context: EveryContext,
  box: string,
  device: string,
  holds: DeviceBackoff,
  owed: PendingDevices,
  /** How many messages each device has taken in this session. */
  taken: Map<string, number>,
): Promise<number | 'unable'> {
  const { store, now } = context;
  let suspect: { readonly message: Message; readonly failure: Failure } | undefined;
  /** Flows that failed: the others are tried before them. */
  const failedFlows = new Set<string>();
  /** Stepped over: their failure is their own, the rest goes on. */
  const stepped = new Set<number>();

  /** The failure of the first message of the device. True when it was the last one. */
  async function failed(message: Message, failure: Failure, ownFault: boolean): Promise<boolean> {
    if (!(await holds.hold(device, failure, ownFault || failure.verdict === 'later'))) return false;
    const { status, reason } = failure.answer;
    await owed.done(device, message, { kind: 'refused', status, reason: `no success: ${reason}` });
    await holds.release(device);
    return true;
  }

  // Passes until one finds nothing: a row of another node may become visible before those that were sent.
  for (let found = true; found;) {
    found = false;
    let after: Place | undefined;
    for (;;) {
      const page = await store.waiting(box, now(), PAGE, after, device);
      if (page.length === 0) break;
      for (const message of page) {
        after = message;
        if (!context.mayGoOn()) return 1000;
        if (owed.hasEnded(message) || stepped.has(message.id) || !owed.isOwed(device, message)) continue;
        if (holds.holds(device) && stepped.size === 0 && !suspect) return 0;
        const count = taken.get(device) ?? 0;
        if (count >= context.limit) return 0;
        const sent = await send(context, box, device, message, holds.attempts(device), failedFlows);
        switch (sent.kind) {
          case 'taken':
          case 'refused':
            found = true;
            if (sent.kind === 'taken') taken.set(device, count + 1);
            await owed.done(device, message, sent);
            if (suspect) {
              // The device is there: the failure was the message's own.
              stepped.add(suspect.message.id);
              await failed(suspect.message, suspect.failure, true);
              suspect = undefined;
            } else if (stepped.size === 0) await holds.release(device);
            break;
          case 'gone':
            owed.gone(message);
            break;
          case 'unable':
            return 'unable';
          case 'again':
            return sent.ms;
          case 'failed':
            if (!suspect && holds.attempts(device) >= SUSPECT && stepped.size === 0) {
              suspect = { message, failure: sent.failure };
              stepped.add(message.id);
              break;
            }
            if (stepped.size > 0 && !suspect) return 0;
            if (await failed(suspect?.message ?? message, suspect?.failure ?? sent.failure, false)) {
              found = true;
              break;
            }
            return 0;
        }
      }
    }
    if (suspect && !(await failed(suspect.message, suspect.failure, false))) return 0;
    suspect = undefined;
  }
  return 0;
}

/** To the device by its flows in turn (RFC 5626). */
async function send(
  context: EveryContext,
  box: string,
  device: string,
  message: Message,
  attempts: number,
  failedFlows: Set<string>,
): Promise<Sent> {
  const flows = (await context.devices())
    .filter((binding) => deviceOf(binding) === device)
    .sort((a, b) => Number(failedFlows.has(a.contact)) - Number(failedFlows.has(b.contact)));
  const own = {
    ...context,
    // A late answer is that of this device, and of no other.
    lateDelivery: (key: string) => context.store.takeByKey(key, device),
  };
  let failure: Failure | undefined;
  for (const [index, binding] of flows.entries()) {
    const answer = context.capabilities.takesType(binding, message.contentType)
      ? await attempt(own, { ...message, attempts }, binding, index < flows.length - 1)
      : SAME_TYPE;
    if (answer === 'gone') return { kind: 'gone' };
    if ('paused' in answer) return { kind: 'again', ms: answer.paused };
    const { status, reason } = answer;
    const verdict = verdictOf(answer, context.settings.outcomes);
    recordAttempt(context.events, message, binding, answer, verdict);
    switch (verdict) {
      case 'delivered':
        return { kind: 'taken', status, reason };
      case 'refused':
        context.capabilities.refused(binding, message.contentType, answer);
        return { kind: 'refused', status, reason };
      case 'dead':
        return { kind: 'refused', status, reason };
      case 'incapable':
        context.capabilities.incapable(binding);
        return { kind: 'unable' };
      case 'away':
      case 'later':
        failedFlows.add(binding.contact);
        failure = { answer, verdict };
    }
  }
  return failure ? { kind: 'failed', failure } : { kind: 'unable' };
}
