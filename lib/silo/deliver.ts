/** A stored message as a MESSAGE to one contact: never by proxying, always a new request (drachtio can't proxy it safely). */
import { randomBytes } from 'node:crypto';
import { MAX_URI } from '../sip/frame.ts';
import { formatSipDate, parseContentType } from '../sip/headers.ts';
import { nextHopOf } from '../sip/next-hop.ts';
import type { OutgoingRequest } from '../sip/port.ts';
import { targetOf } from '../sip/uri.ts';
import type { Binding, NewMessage } from '../stores/store.ts';
import { headerObject } from './kept-headers.ts';

export interface DeliverOptions {
  readonly addDate: boolean;
}

/**
 * The request that brings `message` to `binding`; undefined when the contact is no URI that can be sent to.
 *
 * The Request-URI is the contact, To and From stay the AoRs. The Call-ID is made from the message's key: the same for
 * every attempt, never shared by two messages, so that a client can recognise a copy. The CSeq rises with each attempt.
 */
export function deliveryOf(
  message: NewMessage & { readonly attempts?: number },
  binding: Binding,
  now: number,
  options: DeliverOptions,
): OutgoingRequest | undefined {
  const target = targetOf(binding.contact);
  const route = nextHopOf(binding);
  if (target === undefined || route === undefined) return undefined;
  const body = options.addDate ? withDatePrefix(message) : message.body;
  return {
    method: 'MESSAGE',
    uri: withRoute(target, route.routeSet),
    proxy: route.proxy,
    headers: {
      From: `${nameAddr(message.srcName, message.srcAddr)};tag=${randomBytes(8).toString('hex')}`,
      To: nameAddr(message.dstName, message.dstAddr),
      'Call-ID': message.key.slice(0, 32),
      CSeq: `${(message.attempts ?? 0) + 1} MESSAGE`,
      'Max-Forwards': String(message.hops),
      Date: formatSipDate(message.dateTime),
      Expires: timeLeft(message, now),
      ...(message.contentType === '' ? {} : { 'Content-Type': message.contentType }),
      // Last: at a header that it finds unsound drachtio-server drops that one and all behind it.
      ...headerObject(message.headers),
    },
    body,
  };
}

/** A route set that doesn't fit is left out: the first hop of the Path is reached all the same, by `proxy`. */
function withRoute(target: string, routeSet: string): string {
  const uri = `${target}?${routeSet}`;
  return routeSet === '' || Buffer.byteLength(uri) > MAX_URI ? target : uri;
}

/** Seconds until the message expires. */
export function timeLeft(message: NewMessage, now: number): string {
  return String(Math.max(1, message.expTime - now));
}

function nameAddr(name: string, uri: string): string {
  return name === '' ? `<${uri}>` : `"${name.replace(/["\\]/g, '\\$&')}" <${uri}>`;
}

/** msilo's `add_date`: text/plain only, the time of acceptance as ctime(3) prints it, in the server's zone. */
function withDatePrefix({ contentType, body, incTime }: NewMessage): Buffer {
  if (body.length === 0 || parseContentType(contentType)?.type !== 'text/plain') return body;
  return Buffer.concat([Buffer.from(`[Offline message - ${ctime(incTime)}] `), body]);
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
