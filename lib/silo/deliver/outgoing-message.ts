/** A stored message as a MESSAGE to one contact: never by proxying, always a new request (drachtio can't proxy it safely). */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { Unsendable, frameOf } from '../../sip/drachtio/frame.ts';
import { formatSipDate, hasControl, parseContentType } from '../../sip/read/headers.ts';
import type { OutgoingRequest } from '../../sip/drachtio/messages.ts';
import { requestAlong } from '../../sip/drachtio/outgoing.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { Message, NewMessage } from '../../stores/contract/message.ts';
import { headerObject, wantsSecureWay } from '../receive/kept-headers.ts';
import { mayBeAdded } from '../state/header-names.ts';
import type { ExtraHeaders, SiloSettings } from '../state/options.ts';
import { fill } from '../state/template.ts';

export type DeliverOptions = Pick<
  SiloSettings,
  | 'addDate'
  | 'addContact'
  | 'deliverTo'
  | 'reuseCallId'
  | 'outboundProxy'
  | 'reminderFrom'
  | 'extraHeaders'
  | 'largeOverTcp'
>;

const log = logger('silo:deliver');

/** A message that leaves this many seconds after its set time is no longer a reminder, but one that had to wait. */
const ON_TIME = 60;
/** A message that leaves this many seconds after it came did not wait for a device. */
const AT_ONCE = 5;

/**
 * The request that brings `message` to `binding`, or why none can.
 *
 * The Request-URI is the contact, To and From stay the AoRs. The Call-ID is made from the message's key: the same for
 * every attempt, never shared by two messages, so that a client can recognise a copy. The CSeq rises with each attempt.
 */
export function deliveryOf(
  message: Message,
  binding: Binding,
  now: number,
  options: DeliverOptions,
): OutgoingRequest | Unreachable {
  const way = wayTo(binding, options.outboundProxy, wantsSecureWay(message));
  if (way instanceof Unreachable) return way;
  const reminder = message.sendTime > 0 && message.attempts === 0 && now < message.sendTime + ON_TIME;
  const request = requestAlong(way, {
    method: 'MESSAGE',
    from: author(message, reminder ? options.reminderFrom : ''),
    to: nameAddr(message.dstName, message.dstAddr),
    callId: callIdOf(message, options),
    cseq: message.attempts + 1,
    maxForwards: message.hops,
    headers: {
      Date: formatSipDate(message.dateTime),
      Expires: timeLeft(message, now),
      ...(message.contentType === '' ? {} : { 'Content-Type': message.contentType }),
      ...(options.addContact ? { Contact: `<${message.srcAddr}>;msilo=yes` } : {}),
      // What somebody else wrote comes last.
      ...headerObject(message.headers),
    },
    body:
      options.addDate && (reminder || !isLive(message, now, options))
        ? withDatePrefix(message, reminder)
        : message.body,
  });
  const large = options.largeOverTcp ? { ...request, overTcp: way.overTcp } : request;
  return withExtra(large, extraOf(options.extraHeaders, message, binding));
}

/** The same for every attempt. */
export function callIdOf(
  { callId, key }: NewMessage,
  { reuseCallId }: Pick<DeliverOptions, 'reuseCallId'>,
): string {
  return (reuseCallId && callId) || key.slice(0, 32);
}

/** Where every device is owed everything, all messages go by way of the box: one that leaves at once has not waited. */
function isLive({ incTime, sendTime }: NewMessage, now: number, { deliverTo }: DeliverOptions): boolean {
  return deliverTo === 'every' && sendTime === 0 && now - incTime < AT_ONCE;
}

function author(message: NewMessage, instead: string): string {
  return instead === '' ? nameAddr(message.srcName, message.srcAddr) : nameAddr('', instead);
}

/** The operator's headers; where they would not fit through drachtio, the message goes without them. */
function withExtra(request: OutgoingRequest, extra: Readonly<Record<string, string>>): OutgoingRequest {
  if (Object.keys(extra).length === 0) return request;
  const own = new Set(Object.keys(request.headers).map((name) => name.toLowerCase()));
  // A function of the host app may say anything.
  const added = (Object.entries(extra) as [string, unknown][]).filter(
    (entry): entry is [string, string] => !own.has(entry[0].toLowerCase()) && canBeAdded(...entry),
  );
  const full = { ...request, headers: { ...request.headers, ...Object.fromEntries(added) } };
  return frameOf(full) instanceof Unsendable ? request : full;
}

function canBeAdded(name: string, value: unknown): boolean {
  return mayBeAdded(name) && typeof value === 'string' && !hasControl(value);
}

function extraOf(extra: ExtraHeaders, message: Message, binding: Binding): Readonly<Record<string, string>> {
  if (typeof extra !== 'function')
    return Object.fromEntries(
      Object.entries(extra).map(([name, template]) => [name, fill(template, message, message.id)]),
    );
  try {
    return Object(extra(message, binding)) as Readonly<Record<string, string>>;
  } catch (error) {
    log.error(`extraHeaders failed: ${textOf(error)}`);
    return {};
  }
}

/** Seconds until the message expires. */
export function timeLeft(message: NewMessage, now: number): string {
  return String(Math.max(1, message.expTime - now));
}

function nameAddr(name: string, uri: string): string {
  return name === '' ? `<${uri}>` : `"${name.replace(/["\\]/g, '\\$&')}" <${uri}>`;
}

/** msilo's `add_date`: text/plain only, the time as ctime(3) prints it, in the server's zone. */
function withDatePrefix({ contentType, body, incTime, sendTime }: NewMessage, reminder: boolean): Buffer {
  if (body.length === 0 || parseContentType(contentType)?.type !== 'text/plain') return body;
  const prefix = reminder
    ? `[Reminder message - ${ctime(sendTime)}] `
    : `[Offline message - ${ctime(incTime)}] `;
  return Buffer.concat([Buffer.from(prefix), body]);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function ctime(epoch: number): string {
  const date = new Date(epoch * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = String(date.getDate()).padStart(2, ' ');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${DAYS[date.getDay()] ?? ''} ${MONTHS[date.getMonth()] ?? ''} ${day} ${time} ${date.getFullYear()}`;
}
