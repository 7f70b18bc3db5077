/** Who is counted as one: short texts of one length, so that names as long as a message fill no memory. */
import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header } from '../../sip/read/headers.ts';
import { aorIn, subjectOf, type RecipientOptions } from '../../sip/read/recipient.ts';
import { readHost, splitAor } from '../../sip/read/uri.ts';
import { identityOf } from '../identity.ts';

/** Who asks, and for whom. */
export interface Asking {
  readonly sender: string;
  /** Undefined for a REGISTER, and for what names nobody. */
  readonly recipient: string | undefined;
  readonly domain: string;
}

/** An IPv4 address, or the /64 of an IPv6 one: whoever has one address there has all of them. */
export function networkOf(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare;
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [front = '', back] = (readHost(`[${bare}]`) ?? '').slice(1, -1).split('::');
  const before = front === '' ? [] : front.split(':');
  const behind = back === undefined || back === '' ? [] : back.split(':');
  const zeros = Array<string>(8 - before.length - behind.length).fill('0');
  return `${[...before, ...zeros, ...behind].slice(0, 4).join(':')}::/64`;
}

/** Of one length, and a text of its own: a piece of a request would keep the whole of it in memory. */
const keyOf = (...parts: readonly string[]): string => hash('sha1', parts.join('\0'), 'base64');

export const sourceKey = (req: Pick<SipRequest, 'source_address'>): string =>
  keyOf(networkOf(req.source_address));
/** One phone among those behind an address, as long as nobody forges it. */
export const portKey = (req: Pick<SipRequest, 'source_address' | 'source_port'>): string =>
  keyOf(networkOf(req.source_address), String(req.source_port));
export const pairKey = (sender: string, recipient: string): string => keyOf(sender, recipient);
export const boxKey = (box: string): string => keyOf(box);
export const domainKey = (box: string): string => keyOf(splitAor(box).host);

/**
 * The identity where one was proved or is vouched for; else what From says, of that source: a stranger who writes somebody
 * else's name uses up nothing of what is theirs.
 */
export function senderKey(req: SipRequest): string {
  const identity = identityOf(req);
  const known = identity === undefined || identity.kind === 'nobody' ? undefined : identity.aor;
  if (known !== undefined) return keyOf(known);
  return keyOf(networkOf(req.source_address), aorIn(req, 'From') ?? header(req, 'From') ?? '');
}

/** @param options as the features have them: else a Request-URI of elsewhere would hide whom To names */
export function askingOf(req: SipRequest, options: RecipientOptions): Asking {
  const box = subjectOf(req, options);
  return {
    sender: senderKey(req),
    recipient: box === undefined || req.method === 'REGISTER' ? undefined : boxKey(box),
    domain: domainKey(box ?? ''),
  };
}
