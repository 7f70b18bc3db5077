/**
 * Requests too large for a datagram (RFC 3261 18.1.1, RFC 3428 8): over TCP first where that is allowed and may be, and over UDP
 * when the device has no TCP. drachtio-server 0.9.10 does nothing of the kind: it sends in one datagram what has no transport
 * parameter, however large.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import { frameOf, Unsendable } from './frame.ts';
import type { OutgoingRequest, Send } from './messages.ts';

/** Where the path MTU is not known (RFC 3261 18.1.1); the Via that drachtio-server adds is part of it. */
const LARGEST_DATAGRAM = 1_300;
const VIA = 100;
/** Next hops without TCP are remembered so long, ms, since one that swallows connections costs half a minute. */
const AGAIN = 3_600_000;
const MOST = 100_000;

/** `send`, with regard to `overTcp` of a request. */
export function sendLarge(send: Send, now: () => number = Date.now): Send {
  /** Next hop -> when it turned out to have no TCP. */
  const without = new BoundedMap<string, number>(MOST, 'hops-without-tcp');

  return async (request, timeout) => {
    const { overTcp } = request;
    if (overTcp === undefined || !isLarge(request) || now() - (without.get(overTcp) ?? -Infinity) < AGAIN)
      return send(request, timeout);
    const answer = await send({ ...request, proxy: overTcp }, timeout);
    if (answer.origin !== 'stack') return answer;
    without.set(overTcp, now());
    // 503: there was no connection. After silence (408) the device may have it: the next attempt goes over UDP, not this one.
    return answer.status === 503 ? send(request, timeout) : answer;
  };
}

function isLarge(request: OutgoingRequest): boolean {
  const frame = frameOf(request);
  return !(frame instanceof Unsendable) && frame.bytes + VIA > LARGEST_DATAGRAM;
}
