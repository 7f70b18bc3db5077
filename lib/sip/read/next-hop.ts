/** Where a request of ours to a device goes first. */
import { parseNameAddr } from './name-addr.ts';
import type { Source } from './source.ts';
import { bracketed, parseUri, targetOf } from './uri.ts';

/** Where a device is. */
export interface Location {
  /** Path of its REGISTER (RFC 3327) or Record-Route of its SUBSCRIBE, the hop next to us first. */
  readonly path: readonly string[];
  /** Where its request came from. */
  readonly source: Source;
  /** Its Contact URI. */
  readonly contact: string;
  /** Whose it is, where that matters. */
  readonly aor?: string;
}

export interface NextHop {
  /** A full URI; undefined: the contact itself. */
  readonly proxy: string | undefined;
}

/** Where a request to this URI goes: a `maddr` stands above the host (RFC 3261 19.1.1), and may be anywhere. */
export function hostToAsk(uri: string): string | undefined {
  const parsed = parseUri(uri);
  return parsed?.params.get('maddr') ?? parsed?.host;
}

/**
 * Path first (RFC 3327), then the connection or NAT binding that the REGISTER came through, then the contact itself.
 * Undefined when the Path can't be read.
 */
export function nextHopOf({ path, source, contact }: Location): NextHop | undefined {
  if (path.length > 0) {
    const first = targetOf(parseNameAddr(path[0] ?? '')?.uri ?? '');
    return first === undefined ? undefined : { proxy: first };
  }
  if (source.address === '' || source.port === 0) return { proxy: undefined };
  const host = bracketed(source.address);
  // A live connection of the client is reused.
  if (source.protocol === 'tcp' || source.protocol === 'tls')
    return { proxy: `sip:${host}:${source.port};transport=${source.protocol}` };
  // A contact on another host than its REGISTER came from is behind NAT (or a proxy): back along that way. On the same
  // host it is trusted, since one REGISTER may name contacts on several ports.
  return { proxy: hostToAsk(contact) === host ? undefined : `sip:${host}:${source.port}` };
}

/**
 * May a request for a `sips:` address go there? Over TLS from us to the device: its contact, and all of its Path, must be `sips:`
 * (RFC 5630 5.3). `sip:…;transport=tls` is not enough: it secures one hop, and promises nothing of the next (RFC 5630 3.1.3).
 *
 * @param outboundProxy the operator's next hop for everything; '' for none
 */
export function isSecure(location: Location, outboundProxy = ''): boolean {
  const named = [location.contact, ...location.path.map((entry) => parseNameAddr(entry)?.uri ?? '')];
  if (!named.every((uri) => parseUri(uri)?.scheme === 'sips')) return false;
  const hop = outboundProxy === '' ? nextHopOf(location)?.proxy : outboundProxy;
  if (hop === undefined) return true;
  const uri = parseUri(hop);
  return uri?.scheme === 'sips' || uri?.params.get('transport')?.toLowerCase() === 'tls';
}

/**
 * Can this node's drachtio-server reach the device? A connection lives at the one server that it was made to, and so does
 * the hole that a UDP phone made in its NAT; along a Path, or straight to a contact without NAT, every server can send.
 *
 * @param server SIP addresses of this node's drachtio-server
 * @param location `server`: those of the one that the device's request came through
 */
export function reachableFrom(server: string, location: Location & { readonly server: string }): boolean {
  if (sameServer(server, location.server) || location.path.length > 0) return true;
  return location.source.protocol === 'udp' && nextHopOf(location)?.proxy === undefined;
}

/** One address in common is enough: right after a restart drachtio-server names only some of its own. */
function sameServer(one: string, other: string): boolean {
  if (one === '' || other === '') return true;
  return other.split(',').some((address) => one.split(',').includes(address));
}
