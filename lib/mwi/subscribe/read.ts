/** What a SUBSCRIBE says about itself: its dialog, its target, and the subscription that comes of it (RFC 6665, RFC 3261). */
import { randomHex } from '../../base/random.ts';
import { SiloError } from '../../base/errors.ts';
import { header, parseNameAddr, splitList } from '../../sip/read/headers.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import { sourceOf } from '../../sip/read/source.ts';
import { bracketed, parseUri, targetOf } from '../../sip/read/uri.ts';
import type { Subscription } from '../../stores/contract/mwi.ts';
import { WIDTHS, needKept } from '../../stores/contract/widths.ts';
import { deviceKey } from '../notify/device.ts';
import type { DialogName } from '../notify/dialog.ts';
import { ownContact } from '../request/contact.ts';

/** What a SUBSCRIBE says about its dialog. */
export interface Dialog extends DialogName {
  /** '' outside of a dialog. */
  readonly localTag: string;
  readonly cseq: number;
}

/** What the notifier adds. */
export interface Facts extends Pick<
  Subscription,
  'mailbox' | 'aliased' | 'eventId' | 'localTag' | 'node' | 'run'
> {
  readonly lifetime: number;
  /** Our Contact; default: the address that the SUBSCRIBE came in on. */
  readonly contact?: string;
}

/** Where a phone is: its Contact, and where its request came from. */
export type Place = Pick<Subscription, 'target' | 'source'>;

/** The subscription that a SUBSCRIBE asks for. */
export function subscriptionOf(
  req: SipRequest,
  { callId, remoteTag, cseq }: Dialog,
  facts: Facts,
  now: number,
): Subscription {
  const { lifetime, contact, ...given } = facts;
  const { target, source } = placeOf(req);
  const instance = contactOf(req)?.params.get('+sip.instance')?.replace(/^<|>$/g, '').trim();
  const routes = routesOf(req);
  const [local, remote] = [untagged(header(req, 'To') ?? ''), untagged(header(req, 'From') ?? '')];
  needKept(
    ['To', local, WIDTHS.header],
    ['From', remote, WIDTHS.header],
    ['The address of the mailbox', facts.mailbox, WIDTHS.aor],
    // It goes along in each NOTIFY: what a stranger sent once we would send again and again.
    ['Record-Route', routes.join(', '), WIDTHS.header],
  );
  return {
    id: randomHex(16),
    ...given,
    device: deviceKey({ instance, contact: target, address: source.address, route: routes }),
    callId,
    remoteTag,
    local,
    remote,
    target,
    routes,
    source,
    contact: contact ?? ownContact(req),
    moved: false,
    remoteCseq: cseq,
    // drachtio-server numbers its NOTIFYs from the SUBSCRIBE's CSeq on.
    localCseq: cseq,
    expires: now + lifetime,
    updated: now,
  };
}

/** @throws SiloError 400 when one is no URI: nothing of the dialog could be sent along it */
function routesOf(req: SipRequest): readonly string[] {
  const routes = splitList(header(req, 'Record-Route') ?? '');
  if (routes.some((route) => parseUri(parseNameAddr(route)?.uri ?? '') === undefined))
    throw new SiloError(
      'SILO_SIP_SYNTAX',
      'The Record-Route can not be followed: wanted is a list of <sip:host;lr>.',
      {
        status: 400,
      },
    );
  return routes;
}

export function dialogOf(req: SipRequest): Dialog {
  const callId = header(req, 'Call-ID') ?? '';
  const remoteTag = parseNameAddr(header(req, 'From') ?? '')?.params.get('tag') ?? '';
  const localTag = parseNameAddr(header(req, 'To') ?? '')?.params.get('tag') ?? '';
  const cseq = Number.parseInt(header(req, 'CSeq') ?? '', 10);
  if (callId === '' || remoteTag === '' || !Number.isInteger(cseq))
    throw new SiloError('SILO_SIP_SYNTAX', 'A SUBSCRIBE needs Call-ID, CSeq and a From tag.', {
      status: 400,
    });
  needKept(['Call-ID', callId, WIDTHS.callId], ['The tag of From', remoteTag, WIDTHS.tag]);
  return { callId, remoteTag, localTag, cseq };
}

function contactOf(req: SipRequest) {
  const [only = '', ...more] = splitList(header(req, 'Contact') ?? '');
  return more.length === 0 ? parseNameAddr(only) : undefined;
}

/** The one Contact is where the NOTIFYs go (RFC 3261 8.1.1.8). */
function targetOfContact(req: SipRequest): string {
  const uri = contactOf(req)?.uri ?? '';
  const scheme = parseUri(uri)?.scheme;
  if (scheme === undefined || scheme === 'tel' || targetOf(uri) === undefined)
    throw new SiloError('SILO_SIP_SYNTAX', 'A SUBSCRIBE needs one Contact with a SIP URI.', { status: 400 });
  needKept(['Contact', uri, WIDTHS.header]);
  return uri;
}

/** @throws SiloError 400 without one Contact with a SIP URI */
export function placeOf(req: SipRequest): Place {
  return { target: targetOfContact(req), source: sourceOf(req) };
}

/** Only in the parameters: a display name may hold anything. */
function untagged(value: string): string {
  const params = value.lastIndexOf('>') + 1;
  return value.slice(0, params) + value.slice(params).replace(/;\s*tag=[^;\s]*/i, '');
}

/**
 * Has the phone of a dialog moved there by its new SUBSCRIBE?
 * @throws SiloError 400 when no NOTIFY of ours could follow
 */
export function hasMoved(known: Subscription, now: Place): boolean {
  if (!isMoved(known, now)) return false;
  const way = wayTo({ contact: now.target, path: known.routes, source: now.source });
  if (way instanceof Unreachable) throw new SiloError('SILO_REFUSED', way.reason, { status: 400 });
  return true;
}

/**
 * Does a refresh move the phone (RFC 3261 12.2.1.2)? drachtio-server goes on sending to the Contact of the first SUBSCRIBE,
 * and before a NAT to its source, so from then on we have to send by ourselves.
 */
function isMoved({ target, source, routes, moved }: Subscription, now: Place): boolean {
  if (moved || target !== now.target) return true;
  const sameSource = source.address === now.source.address && source.port === now.source.port;
  // With Record-Route the proxy knows the way. A new connection drachtio-server finds by the Contact's user and host, but
  // forgets with its answer to `Expires: 0`: the last NOTIFY would go to the old one.
  return routes.length === 0 && behindNat({ target, source }) && !sameSource;
}

function behindNat({ target, source }: Place): boolean {
  const uri = parseUri(target);
  return uri?.host !== bracketed(source.address) || (uri.port !== undefined && uri.port !== source.port);
}
