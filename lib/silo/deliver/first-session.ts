/**
 * One session of a lane: the box is leased, its messages are sent in order, each to the first device that takes it,
 * one in flight.
 */
import type { Binding } from '../../sip/read/binding.ts';
import type { Message, Place } from '../../stores/contract/message.ts';
import type { Lease } from '../../stores/contract/leases.ts';
import type { Store } from '../../stores/contract/store.ts';
import { attempt, type AttemptContext, type Failure } from './attempt.ts';
import { deviceOf } from '../state/bindings.ts';
import { SAME_TYPE, hasRefused, refusalOf, type Capabilities } from './capabilities.ts';
import { settle, recordAttempt } from './settle.ts';
import type { SiloEmitter } from '../state/events.ts';
import { backoff, retryAfter, verdictOf, waitsForDevice } from '../state/outcome.ts';

const PAGE = 20;
/** A message that so many devices refused will find none: enough of a list to keep. */
const MAX_REFUSALS = 100;

/** Why a lane was woken. A registration lifts the back-off of messages that waited for the device. */
export type Wake = 'register' | 'timer' | 'tail' | 'accept';

export interface SessionContext extends AttemptContext {
  readonly store: Store;
  readonly events: SiloEmitter;
  /** Devices of the box that can be sent to now; asked again before each message, so it is cheap. */
  readonly devices: () => Promise<readonly Binding[]>;
  /** A point in time before a look into the box. */
  readonly mark: () => number;
  /** What devices have said that they can't do. */
  readonly capabilities: Capabilities;
  /** Messages to deliver at the most (msilo's `maxmsg`); what is left waits for the next wake. */
  readonly limit: number;
}

/** How a session ended, and with that when the box is to be served again. */
export type SessionEnd =
  /** Nothing waits. */
  | { readonly kind: 'empty'; readonly mark: number }
  /** Something waits for a device: another one, or this one when it registers again. */
  | { readonly kind: 'waits' }
  /** The head is in back-off until this time. */
  | { readonly kind: 'until'; readonly time: number }
  /** Cut short (the lease ran out, the way is closed, somebody else changed the box): again after so many ms. */
  | { readonly kind: 'again'; readonly ms: number };

const AGAIN = { kind: 'again', ms: 1000 } as const;

/** What sending one message to the devices led to. */
type Sent =
  /** It is no more in the box; `byUs`: a device took it. */
  | { readonly kind: 'ended'; readonly byUs: boolean }
  /** Every device here refused it for good: it waits for another one, and those behind it go on. */
  | { readonly kind: 'passed-over' }
  /** No device to send to. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'again'; readonly ms: number };

export async function runSession(context: SessionContext, lease: Lease, wake: Wake): Promise<SessionEnd> {
  const { store, now } = context;
  /** Contacts that failed in this session: no further message goes to them. */
  const out = new Set<string>();
  // Behind the last message that stays, not behind the last one sent: a row of another node may become visible after one
  // with a higher id, and what was sent when it had been accepted must not overtake it.
  let after: Place | undefined;
  let delivered = 0;
  let left = false;
  let first = true;
  // A head that fails for the third time is suspected to be the fault itself: the next message shows whether it is, and
  // only then the failure is recorded.
  let suspect: { readonly message: Message; readonly failure: Failure } | undefined;

  try {
    for (;;) {
      const mark = context.mark();
      const page = await store.waiting(lease.box, now(), PAGE, after);
      if (page.length === 0) return left ? { kind: 'waits' } : { kind: 'empty', mark };
      for (const message of page) {
        if (!context.mayGoOn()) return AGAIN;
        if (delivered >= context.limit) return { kind: 'waits' };
        if (
          message.nextTime > now() &&
          !(wake === 'register' && waitsForDevice(message.lastStatus, context.settings.outcomes))
        )
          return { kind: 'until', time: message.nextTime };
        const doubtful = first && message.attempts >= 2;
        first = false;
        const sent = await sendToOne(context, lease, message, out, doubtful);
        if (sent.kind !== 'ended') after = message;
        else if (sent.byUs) delivered++;
        switch (sent.kind) {
          case 'ended':
            if (sent.byUs && suspect) {
              await conclude(context, lease, suspect.message, suspect.failure, true);
              suspect = undefined;
            }
            break;
          case 'passed-over':
            left = true;
            break;
          case 'failed':
            left = true;
            if (doubtful) suspect = { message, failure: sent.failure };
            // A failed message holds up those behind it, or order would be lost.
            else return await conclude(context, lease, message, sent.failure, false);
            break;
          case 'nobody':
            return { kind: 'waits' };
          case 'again':
            return sent;
        }
      }
    }
  } finally {
    if (suspect) await conclude(context, lease, suspect.message, suspect.failure, false);
  }
}

async function sendToOne(
  context: SessionContext,
  lease: Lease,
  message: Message,
  out: Set<string>,
  doubtful: boolean,
): Promise<Sent> {
  const { store, settings } = context;
  const devices = (await context.devices()).filter((binding) => !out.has(binding.contact));
  const candidates = devices.filter((binding) => !hasRefused(message.refusedBy, binding));
  if (devices.length === 0) return { kind: 'nobody' };
  // From a time when every device was owed everything: one has it, which is enough now.
  if (message.takenBy.length > 0) {
    const ended = await end(context, lease, message, 'delivered', 200, 'a device had it already');
    return ended.kind === 'ended' ? { kind: 'ended', byUs: false } : ended;
  }
  let failure: Failure | undefined;
  let unable = 0;
  /** Devices that have spoken for all their flows. */
  const spoken = new Set<string>();
  for (const [index, binding] of candidates.entries()) {
    const device = deviceOf(binding);
    if (spoken.has(device)) continue;
    const answer = context.capabilities.takesType(binding, message.contentType)
      ? await attempt(context, message, binding, index < candidates.length - 1)
      : SAME_TYPE;
    if (answer === 'gone') return { kind: 'ended', byUs: false };
    if ('paused' in answer) return { kind: 'again', ms: answer.paused };
    const verdict = verdictOf(answer, settings.outcomes);
    recordAttempt(context.events, message, binding, answer, verdict);
    switch (verdict) {
      case 'delivered':
      case 'dead': {
        const outcome = verdict === 'delivered' ? 'delivered' : 'dead';
        return end(context, lease, message, outcome, answer.status, answer.reason);
      }
      case 'refused': {
        if (message.refusedBy.length >= MAX_REFUSALS)
          return end(context, lease, message, 'dead', answer.status, `refused by ${MAX_REFUSALS} devices`);
        context.capabilities.refused(binding, message.contentType, answer);
        const refusedBy = refusalOf(binding, answer.status);
        const deferral = { nextTime: 0, status: answer.status, strike: false, refusedBy };
        if (!(await store.defer(lease, message.id, deferral))) return { kind: 'again', ms: AGAIN.ms };
        spoken.add(device);
        break;
      }
      case 'incapable':
        context.capabilities.incapable(binding);
        spoken.add(device);
        for (const flow of candidates) if (deviceOf(flow) === device) unable++;
        break;
      case 'away':
      case 'later':
        // This flow of the device, not those that it may have besides (RFC 5626).
        if (!doubtful) out.add(binding.contact);
        failure = { answer, verdict };
    }
  }
  if (failure) return { kind: 'failed', failure };
  return unable > 0 && unable === candidates.length ? { kind: 'nobody' } : { kind: 'passed-over' };
}

/** Records a temporary failure: back-off, or the end after the last attempt that counts. */
async function conclude(
  context: SessionContext,
  lease: Lease,
  message: Message,
  { answer, verdict }: Failure,
  ownFault: boolean,
): Promise<SessionEnd> {
  const { store, now, settings } = context;
  const strike = verdict === 'later' || ownFault;
  if (strike && message.strikes + 1 >= settings.maxAttempts) {
    const reason = `no success after ${settings.maxAttempts} attempts: ${answer.reason}`;
    await end(context, lease, message, 'dead', answer.status, reason);
    return AGAIN;
  }
  const delay = Math.max(backoff(message.attempts + 1), retryAfter(answer));
  const nextTime = now() + delay;
  return (await store.defer(lease, message.id, { nextTime, status: answer.status, strike }))
    ? { kind: 'until', time: nextTime }
    : AGAIN;
}

async function end(
  context: SessionContext,
  lease: Lease,
  message: Message,
  outcome: 'delivered' | 'dead',
  status: number,
  reason: string,
): Promise<Sent> {
  if (!(await settle(context, lease, message, outcome, status, reason)))
    return { kind: 'again', ms: AGAIN.ms };
  return { kind: 'ended', byUs: outcome === 'delivered' };
}
