/** Who says to be asking: From, which nobody has proved; and did a request come straight from who made it? */
import { header, parseNameAddr, splitList, type HeaderSource } from '../sip/read/headers.ts';
import { aorOf, splitAor, type AorOptions } from '../sip/read/uri.ts';

/** Canonical AoR of the From header. */
export function fromOf(req: HeaderSource, options: AorOptions): string | undefined {
  return aorOf(parseNameAddr(header(req, 'From') ?? '')?.uri ?? '', options);
}

/** An address of nobody: `anonymous.invalid` can't exist (RFC 3323 4.1.1.3, RFC 2606 2). */
export function isAnonymous(aor: string): boolean {
  return splitAor(aor).host === 'anonymous.invalid';
}

/** Each proxy adds a Via (RFC 3261 16.6), and nobody behind it can take that away. */
export function isDirect(req: HeaderSource): boolean {
  return splitList(header(req, 'Via') ?? '').length === 1;
}
