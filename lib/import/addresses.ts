/** Recipient, sender and To of a row: msilo keeps URIs without display names, in columns that may have cut them. */
import { parseNameAddr } from '../sip/read/headers.ts';
import { served } from '../sip/read/recipient.ts';
import { aorOf, parseUri, splitAor, type AorOptions } from '../sip/read/uri.ts';
import type { SourceRow } from '../stores/source/silo-source.ts';
import { Refused, shown, type AddRepair } from './judgement.ts';

export interface AddressSettings extends AorOptions {
  readonly domains: readonly string[];
}

/** The box of a row. @throws Refused */
export function boxOf(row: SourceRow, settings: AddressSettings, repaired: AddRepair): string {
  const { username, domain, dstAddr } = row;
  const named = `${shown(username.text)} at ${shown(domain.text)}`;
  const own = ownBox(username.text ?? '', domain.text ?? '', settings);
  const to = aorOf(dstAddr.text ?? '', settings);
  if ((username.full || domain.full) && to !== own) {
    if (to !== undefined && !dstAddr.full && beginsWith(to, username.text, domain.text)) {
      repaired('recipientCut', `${named} is ${to}`);
      return servedBox(to, to, settings);
    }
    if (own !== undefined) repaired('recipientFull', named);
  }
  if (own === undefined) throw new Refused('recipient', named);
  if (!served(own, settings.domains) && to !== undefined && served(to, settings.domains)) {
    // msilo in a failure route files under the contact of a device, where nobody ever finds it.
    repaired('recipientContact', `${own} is ${to}`);
    return to;
  }
  return servedBox(own, named, settings);
}

function ownBox(username: string, domain: string, settings: AddressSettings): string | undefined {
  // msilo takes tel: URIs and files them without a domain.
  return domain === '' ? aorOf(`tel:${username}`, settings) : aorOf(`sip:${username}@${domain}`);
}

function beginsWith(to: string, username = '', domain = ''): boolean {
  const { user, host } = splitAor(to);
  return user.startsWith(username) && host.startsWith(domain.toLowerCase());
}

function servedBox(box: string, named: string, { domains }: AddressSettings): string {
  if (!served(box, domains)) throw new Refused('domain', `${named}; SILO_DOMAINS has ${domains.join(', ')}`);
  return box;
}

/** The From URI. @throws Refused */
export function senderOf({ srcAddr }: SourceRow, repaired: AddRepair): string {
  const uri = bare(srcAddr.text);
  if (srcAddr.full) {
    const whole = uri.slice(0, Math.max(0, uri.lastIndexOf(';')));
    if (isAddress(whole)) {
      repaired('senderCut', shown(srcAddr.text));
      return whole;
    }
    if (isAddress(uri)) repaired('senderFull', shown(srcAddr.text));
  }
  if (!isAddress(uri)) throw new Refused('sender', shown(srcAddr.text));
  return uri;
}

/** The To URI; when it is of no use the recipient's address takes its place. */
export function toOf({ dstAddr }: SourceRow, box: string, repaired: AddRepair): string {
  const uri = bare(dstAddr.text);
  if (isAddress(uri) && !dstAddr.full) return uri;
  repaired('to', shown(dstAddr.text));
  return `sip:${box}`;
}

/** `m_store_addrs` stores what a script gives it: a URI, or all of a header. */
function bare(text = ''): string {
  const trimmed = text.trim();
  return trimmed.includes('<') ? (parseNameAddr(trimmed)?.uri ?? '') : trimmed;
}

function isAddress(uri: string): boolean {
  const scheme = /^(sips?|tel):/i.test(uri);
  return scheme ? parseUri(uri) !== undefined : parseNameAddr(`<${uri}>`) !== undefined;
}
