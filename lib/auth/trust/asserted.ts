/** Whom a trusted hop asserts: P-Asserted-Identity (RFC 3325 9.1, RFC 5876). */
import { parseNameAddr, splitList } from '../../sip/read/headers.ts';
import { aorOf, parseUri, type AorOptions } from '../../sip/read/uri.ts';

/**
 * The AoRs in it. One `sip:` and one `tel:` value may stand side by side, and the `sip:` one is the better name; what is
 * unreadable, or names no user, names nobody.
 */
export function assertedIn(value: string, options: AorOptions): readonly string[] {
  const uris = splitList(value).flatMap((entry) => parseNameAddr(entry)?.uri ?? []);
  const isTel = (uri: string) => Number(parseUri(uri)?.scheme === 'tel');
  return uris.sort((a, b) => isTel(a) - isTel(b)).flatMap((uri) => aorOf(uri, options) ?? []);
}
