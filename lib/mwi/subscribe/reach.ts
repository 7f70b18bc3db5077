/**
 * Would the NOTIFYs of a subscription go to where its SUBSCRIBE came from? In a dialog of its own drachtio-server sends them along the
 * Record-Route, over UDP without one back to the source, and else to the Contact once the connection is closed: anybody could
 * have somebody else flooded so.
 */
import { SiloError } from '../../base/errors.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header, parseNameAddr, splitList } from '../../sip/read/headers.ts';
import { bracketed, parseUri } from '../../sip/read/uri.ts';

/** @throws SiloError 403 when they would go to a place that has not shown that it listens */
export function checkReach(isFree: (host: string) => boolean, req: SipRequest): void {
  const source = req.source_address;
  if (isFree(source)) return;
  const [route] = splitList(header(req, 'Record-Route') ?? '');
  const next = parseUri(parseNameAddr(route ?? firstContact(req))?.uri ?? '');
  // What can't be read is refused where it is read.
  if (next === undefined) return;
  const host = next.params.get('maddr') ?? next.host;
  if (host === bracketed(source) || isFree(host)) return;
  if (route !== undefined)
    throw refused(
      `The Record-Route leads to ${host} and not back to ${source}: SILO_TRUST names the proxies that may say so.`,
    );
  // Over a connection nothing is sent to whom nobody has shaken hands with.
  const connected = next.scheme === 'sips' || /^(?:tcp|tls|wss?)$/i.test(next.params.get('transport') ?? '');
  if (next.params.has('maddr'))
    throw refused(`The maddr of the Contact is ${host} and not ${source}: leave it out.`);
  if (req.protocol.toLowerCase() !== 'udp' && !connected)
    throw refused(`The Contact is at ${host} and not at ${source}: over TCP it must say ;transport=tcp.`);
}

function firstContact(req: SipRequest): string {
  return splitList(header(req, 'Contact') ?? '')[0] ?? '';
}

function refused(sentence: string): SiloError {
  return new SiloError('SILO_REFUSED', sentence, { status: 403 });
}
