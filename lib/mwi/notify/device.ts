/** What tells phones apart. */
import { sha256 } from '../../base/sha256.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { parseNameAddr } from '../../sip/read/headers.ts';
import { parseUri, type SipUri } from '../../sip/read/uri.ts';
import type { Subscription } from '../../stores/contract/mwi.ts';

/** Where a phone is, and what it calls itself. */
export interface Device {
  readonly instance: string | undefined;
  /** URI of its Contact. */
  readonly contact: string;
  /** The address that it was seen from. */
  readonly address: string;
  /** Record-Route of a SUBSCRIBE, Path of a REGISTER. */
  readonly route: readonly string[];
}

/** What proxies write for each dialog anew (Kamailio and OpenSIPS): it says nothing of the phone. */
const OF_THE_DIALOG = new Set(['ftag', 'did', 'vsf', 'vst']);

/**
 * The instance (RFC 5626) or the GRUU (RFC 5627), whose sense it is to name one phone. Else the contact with the way to it,
 * the address that it was seen from and the route, since phones behind NATs may have one contact: behind one edge proxy
 * the flow token in its URI tells them apart (RFC 5626 5.3).
 */
export function deviceKey({ instance, contact, address, route }: Device): string {
  if (instance !== undefined && instance !== '') return hash(`<${instance}>`);
  if (parseUri(contact)?.params.get('gr') !== undefined) return hash(contact);
  return hash([`${contact} ${address}`, ...route.map(withoutDialog)].join('\n'));
}

/**
 * Does this subscription come from that registered phone? Record-Route and Path are written by the same proxies and not in the
 * same way, so that of them only flow tokens are compared.
 */
export function watches(row: Subscription, device: Device): boolean {
  if (row.device === deviceKey(device)) return true;
  const same = row.target === device.contact && row.source.address === device.address;
  return same && device.instance === undefined && !haveOtherTokens(row.routes, device.route);
}

export function deviceOfBinding({ instance, contact, source, path }: Binding): Device {
  return { instance, contact, address: source.address, route: path };
}

function hash(text: string): string {
  return sha256(text);
}

function uriOf(route: string): SipUri | undefined {
  return parseUri(parseNameAddr(route)?.uri ?? '');
}

function withoutDialog(route: string): string {
  const uri = uriOf(route);
  if (uri === undefined) return route;
  const params = [...uri.params].filter(([name]) => !OF_THE_DIALOG.has(name));
  return JSON.stringify([uri.scheme, uri.user, uri.host, uri.port, params]);
}

function haveOtherTokens(one: readonly string[], other: readonly string[]): boolean {
  const [mine, theirs] = [one, other].map((routes) => routes.flatMap((route) => uriOf(route)?.user ?? []));
  return (
    mine !== undefined &&
    theirs !== undefined &&
    mine.length > 0 &&
    theirs.length > 0 &&
    !mine.some((token) => theirs.includes(token))
  );
}
