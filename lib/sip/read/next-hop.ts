/** Where a request of ours to a device goes first. */
import { parseNameAddr } from './name-addr.ts';
import { bracketed, parseUri, targetOf } from './uri.ts';

/** What is known of the way to a device. */
export interface Way {
  /** Path of its REGISTER (RFC 3327) or Record-Route of its SUBSCRIBE, the hop next to us first. */
  readonly path: readonly string[];
  /** Where its request came from. */
  readonly source: { readonly address: string; readonly port: number; readonly protocol: string };
  /** Its Contact URI. */
  readonly contact: string;
}

export interface NextHop {
  readonly proxy: string | undefined;
  /** Route headers as URI headers: the one way in which drachtio lets an application set them. */
  readonly routeSet: string;
}

/** Path first (RFC 3327), then the connection or NAT binding that the REGISTER came through, then the contact itself. */
export function nextHopOf({ path, source, contact }: Way): NextHop | undefined {
  if (path.length > 0) {
    const first = targetOf(parseNameAddr(path[0] ?? '')?.uri ?? '');
    if (first === undefined) return undefined;
    return { proxy: first, routeSet: path.map((entry) => `Route=${encodeURIComponent(entry)}`).join('&') };
  }
  if (source.address === '' || source.port === 0) return { proxy: undefined, routeSet: '' };
  const host = bracketed(source.address);
  // A live connection of the client is reused.
  if (source.protocol === 'tcp' || source.protocol === 'tls')
    return { proxy: `sip:${host}:${source.port};transport=${source.protocol}`, routeSet: '' };
  // A contact on another host than its REGISTER came from is behind NAT (or a proxy): back along that way. On the same
  // host it is trusted, since one REGISTER may name contacts on several ports.
  return { proxy: parseUri(contact)?.host === host ? undefined : `sip:${host}:${source.port}`, routeSet: '' };
}

/**
 * Can this node's drachtio-server reach the device? A connection lives at the one server that it was made to, and so does
 * the hole that a UDP phone made in its NAT; along a Path, or straight to a contact without NAT, every server can send.
 *
 * @param server SIP addresses of this node's drachtio-server
 * @param way `server`: those of the one that the device's request came through
 */
export function reachableFrom(server: string, way: Way & { readonly server: string }): boolean {
  if (sameServer(server, way.server) || way.path.length > 0) return true;
  return way.source.protocol === 'udp' && nextHopOf(way)?.proxy === undefined;
}

/** One address in common is enough: right after a restart drachtio-server names only some of its own. */
function sameServer(one: string, other: string): boolean {
  if (one === '' || other === '') return true;
  return other.split(',').some((address) => one.split(',').includes(address));
}
