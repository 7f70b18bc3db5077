/** Headers as an app gives them, made into what goes out. */
import { bracketed, type Address } from './address.ts';
import { isImmutable, isKnown, spelled } from './header-names.ts';
import type { Header } from './message.ts';
import { isSingle, isSound } from './syntax.ts';
import { hasControl, TOKEN } from './token.ts';
import { readNameAddr, readUri, splitList, writeNameAddr } from './uri.ts';

const NAME = new RegExp(`^${TOKEN}$`);
const LISTED: ReadonlySet<string> = new Set(['contact', 'path', 'service-route', 'route', 'record-route']);
const ADDRESSED: ReadonlySet<string> = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** Every line is a header of its own, also one that came about by a line end inside a value. */
export function readAppHeaders(text: string): Header[] {
  const headers: Header[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : line.slice(0, colon).trim();
    const key = name.toLowerCase();
    if (!NAME.test(name) || isImmutable(key) || hasControl(line)) continue;
    headers.push({ key, name, value: line.slice(colon + 1).trim() });
  }
  return headers;
}

/**
 * Replaces `@localhost` by our address. Inside a dialog drachtio-server has lost the address and the header
 * with it: then `local` is undefined.
 */
export function localised(headers: readonly Header[], local: Address | undefined): Header[] {
  return headers.flatMap((header) => {
    if (!ADDRESSED.has(header.key) || !header.value.includes('@localhost')) return [header];
    if (!local) return [];
    const host = `@${bracketed(local.host)}:${local.port}`;
    return [{ ...header, value: header.value.replace(/@localhost(?::\d+)?/g, host) }];
  });
}

/** What stands before the first unsound value: sofia-sip drops that header and all behind it from a request. */
export function untilUnsound(headers: readonly Header[]): Header[] {
  const end = headers.findIndex((header) => !isSound(header.key, header.value));
  return end < 0 ? [...headers] : headers.slice(0, end);
}

/** Header lines in their spelling: the known ones, which stand before Content-Length, and the others behind it. */
export function linesOf(headers: readonly Header[]): { readonly known: string[]; readonly custom: string[] } {
  const known: string[] = [];
  const custom: string[] = [];
  headers.forEach((header, at) => {
    if (!isKnown(header.key)) {
      custom.push(`${spelled(header.name)}: ${header.value}`);
      return;
    }
    // Of a header that may stand once the last one counts.
    if (isSingle(header.key) && headers.some((other, index) => index > at && other.key === header.key))
      return;
    const values = LISTED.has(header.key) ? splitList(header.value) : [header.value];
    for (const value of values)
      known.push(`${spelled(header.name)}: ${ADDRESSED.has(header.key) ? bracketedAddress(value) : value}`);
  });
  return { known, custom };
}

/** `sip:a@b;x=1` as `<sip:a@b>;x=1`. */
export function bracketedAddress(value: string): string {
  const name = readNameAddr(value);
  return name && value !== '*' ? writeNameAddr(name) : value;
}

/**
 * A Contact whose host is an IPv4 literal other than our own (or whose port is other) is made ours, as
 * drachtio's sofia-sip does with every request but REGISTER. Names and IPv6 are left alone.
 */
export function ownContact(headers: readonly Header[], local: Address, protocol: string): Header[] {
  return headers.map((header) => {
    if (header.key !== 'contact') return header;
    const [first = '', ...rest] = splitList(header.value);
    const name = readNameAddr(first);
    const uri = name && readUri(name.uri);
    if (!name || !uri || !/^[\d.]+$/.test(uri.host)) return header;
    if (uri.host === local.host && (uri.port === undefined || uri.port === local.port)) return header;
    const params = uri.params.replace(/;transport=[^;]*/gi, '');
    const user = uri.user === '' ? '' : `${uri.user}@`;
    const own = `${uri.scheme}:${user}${bracketed(local.host)}:${local.port}${params};transport=${protocol}`;
    return { ...header, value: [writeNameAddr({ ...name, uri: own }), ...rest].join(', ') };
  });
}
