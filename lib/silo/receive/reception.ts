/**
 * What becomes of a MESSAGE that came in, whoever brought it: into the box when its recipient is away or mail already waits
 * there, else on, live; and into the box after all when that fails.
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { span, type Traced } from '../../base/span.ts';
import { tagOf } from '../../base/sha256.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { causeOf } from '../../sip/read/cause.ts';
import { header } from '../../sip/read/headers.ts';
import type { MessageStore } from '../../stores/contract/messages.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { SiloContext } from '../state/context.ts';
import { storable } from '../state/outcome.ts';
import { backoff } from '../state/retry-times.ts';
import type { Wake } from '../state/wake.ts';
import type { Acceptor, StoreResult } from './accept.ts';
import { LiveFailure } from './live-failure.ts';
import { keyOf, sendAtOf, whyNotStored, type StoreOverrides } from './message-of-request.ts';
import type { RegistrationRace, RegistrationRaces } from './registration-race.ts';
import { sendTimeOf } from './send-at.ts';

const log = logger('silo');

/** A MESSAGE for a box of ours. */
export interface Incoming {
  readonly req: SipRequest;
  readonly box: string;
  /** What a program says of it beside its headers. */
  readonly over?: StoreOverrides;
}

/**
 * - `box`: it went by way of the box; then the box is to be woken for this reason, once the sender has its answer;
 * - `taken`: a device has taken it already;
 * - `live`: it is to be delivered now.
 */
export type Reception =
  | { readonly way: 'box'; readonly result: StoreResult; readonly wake: Wake | undefined }
  | { readonly way: 'taken' | 'live' };

export interface ReceptionContext extends Pick<SiloContext, 'settings' | 'now'> {
  readonly store: Pick<MessageStore, 'holdsMail'>;
  readonly bindings: Pick<BindingSource, 'find'>;
  readonly boxes: Pick<SiloContext['boxes'], 'mayHaveMail'>;
  readonly acceptor: Pick<Acceptor, 'store'>;
  readonly races: Pick<RegistrationRaces, 'watch'>;
  /** Has a device taken the message with this key lately? */
  readonly wasDelivered: (key: string) => boolean;
}

/** A MESSAGE with what was found out about it. */
interface Found extends Incoming {
  /** Has its recipient a device that is registered? */
  readonly live: boolean;
  readonly race: RegistrationRace;
}

export function receive(context: ReceptionContext, incoming: Incoming): Promise<Reception> {
  const { req, box } = incoming;
  return span('accept', { ...accepting(req, box), came: cameOf }, () => received(context, incoming));
}

/** The span of a MESSAGE that comes in. */
function accepting(req: SipRequest, box?: string): Pick<Traced<unknown>, 'kind' | 'about'> {
  return {
    kind: 'SERVER',
    about: () => ({
      'sip.call_id': header(req, 'Call-ID'),
      'silo.box': box === undefined ? undefined : tagOf(box),
    }),
  };
}

function cameOf(reception: Reception) {
  return reception.way === 'box' ? cameOfStore(reception.result) : { 'silo.result': reception.way };
}

function cameOfStore(result: StoreResult) {
  const key = 'key' in result ? result.key : undefined;
  return { 'silo.result': result.result, 'sip.status': result.status, 'silo.key': key };
}

async function received(context: ReceptionContext, incoming: Incoming): Promise<Reception> {
  // A device that registers from here on finds nothing in the box yet: it is woken when the message is in.
  const race = context.races.watch(incoming.box);
  try {
    const live = (await context.bindings.find(incoming.box)).length > 0;
    const found = { ...incoming, live, race };
    return (await storeForAll(context, found)) ?? (await storeOrPass(context, found));
  } finally {
    race.end();
  }
}

/** What is for more than those who are there now, or for later, goes by way of the box in any case. Undefined for all else. */
async function storeForAll(context: ReceptionContext, found: Found): Promise<Reception | undefined> {
  const { settings, now, acceptor } = context;
  const { req, live, race, over } = found;
  const every = settings.deliverTo === 'every' && whyNotStored(req, settings) === undefined;
  const sendAt = over?.sendAt ?? sendAtOf(req, settings);
  const timed = sendAt !== undefined;
  if (!every && !timed) return undefined;
  const result = await acceptor.store(req, { ...over, skipNotice: live && !timed });
  // A message whose time is still to come is woken by the sweep.
  const due = !timed || !('key' in result) || sendTimeOf(sendAt, now(), settings) === 0;
  const wake = 'key' in result && due && (live || race.happened()) ? 'accept' : undefined;
  return { way: 'box', result, wake };
}

/** Stored for a recipient who is away, or behind what waits; else to be delivered live. */
async function storeOrPass(context: ReceptionContext, found: Found): Promise<Reception> {
  const { boxes, store, now, acceptor } = context;
  const { req, box, live, race, over } = found;
  // A live message never overtakes what waits, whichever node stored it.
  const behind = live && (boxes.mayHaveMail(box) || (await store.holdsMail(box, now())));
  // A proxy in front has just tried the devices: the same again would only double the message.
  const tried = live && storable(causeOf(req.uri) ?? 0);
  if (live && !behind && !tried)
    // A sender that never heard our 202 repeats what has been delivered from the box meanwhile.
    return { way: context.wasDelivered(keyOf(req, box)) ? 'taken' : 'live' };
  const when = tried ? { nextTime: now() + backoff(1) } : { skipNotice: behind };
  const result = await acceptor.store(req, { ...over, ...when });
  const woken = behind ? 'accept' : 'register';
  return { way: 'box', result, wake: 'key' in result && (behind || race.happened()) ? woken : undefined };
}

/**
 * After live delivery failed: stores the message, when the failure says "not now" or "not this device". Undefined, and nothing is
 * stored, when it is for the sender to know.
 */
export async function receiveFailed(
  { acceptor, now }: { readonly acceptor: Pick<Acceptor, 'store'>; readonly now: () => number },
  { req, over = {} }: Pick<Incoming, 'req' | 'over'>,
  error: unknown,
): Promise<StoreResult | undefined> {
  const status = statusOf(error);
  if (!storable(status)) return undefined;
  const callId = header(req, 'Call-ID') ?? '';
  log.debug(`live delivery failed with ${status} (${textOf(error)}): storing`, { callId, status });
  const elsewhere = error instanceof LiveFailure && !error.triedAll;
  const rules = elsewhere ? over : { ...over, nextTime: now() + backoff(1) };
  return span('accept', { ...accepting(req), came: cameOfStore }, () => acceptor.store(req, rules));
}

/** The SIP status that an error stands for; without one it is a fault of ours, and the message is worth keeping. */
export function statusOf(error: unknown): number {
  if (error instanceof LiveFailure) return error.answered;
  const status =
    typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : NaN;
  return status >= 300 && status <= 699 ? status : 500;
}
