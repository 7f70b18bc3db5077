/** A stored message as a MESSAGE to one contact: never by proxying, always a new request (drachtio can't proxy it safely). */
import { randomBytes } from 'node:crypto';
import { formatSipDate, parseContentType } from '../sip/headers.ts';
import { parseNameAddr } from '../sip/name-addr.ts';
import type { OutgoingRequest } from '../sip/port.ts';
import { parseUri, targetOf } from '../sip/uri.ts';
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
    uri: route.routeSet === '' ? target : `${target}?${route.routeSet}`,
    proxy: route.proxy,
    headers: {
      From: `${nameAddr(message.srcName, message.srcAddr)};tag=${randomBytes(8).toString('hex')}`,
      To: nameAddr(message.dstName, message.dstAddr),
      'Call-ID': message.key.slice(0, 32),
      CSeq: `${(message.attempts ?? 0) + 1} MESSAGE`,
      'Max-Forwards': '70',
      Date: formatSipDate(message.dateTime),
      Expires: timeLeft(message, now),
      ...(message.contentType === '' ? {} : { 'Content-Type': message.contentType }),
      // Last: at a header that it finds unsound drachtio-server drops that one and all behind it.
      ...headerObject(message.headers),
    },
    body,
  };
}

/** Seconds until the message expires. */
export function timeLeft(message: NewMessage, now: number): string {
  return String(Math.max(1, message.expTime - now));
}

interface NextHop {
  readonly proxy: string | undefined;
  /** Route headers as URI headers: the one way in which drachtio lets an application set them. */
  readonly routeSet: string;
}

/** Path first (RFC 3327), then the connection or NAT binding that the REGISTER came through, then the contact itself. */
export function nextHopOf({ path, source, contact }: Binding): NextHop | undefined {
  if (path.length > 0) {
    const first = targetOf(parseNameAddr(path[0] ?? '')?.uri ?? '');
    if (first === undefined) return undefined;
    return { proxy: first, routeSet: path.map((entry) => `Route=${encodeURIComponent(entry)}`).join('&') };
  }
  if (source.address === '' || source.port === 0) return { proxy: undefined, routeSet: '' };
  const host =
    source.address.includes(':') && !source.address.startsWith('[') ? `[${source.address}]` : source.address;
  // A live connection of the client is reused.
  if (source.protocol === 'tcp' || source.protocol === 'tls')
    return { proxy: `sip:${host}:${source.port};transport=${source.protocol}`, routeSet: '' };
  // A contact on another host than its REGISTER came from is behind NAT (or a proxy): back along that way. On the same
  // host it is trusted, since one REGISTER may name contacts on several ports.
  return { proxy: parseUri(contact)?.host === host ? undefined : `sip:${host}:${source.port}`, routeSet: '' };
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
