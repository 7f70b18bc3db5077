/** Is a request of a dialog, or can one come of it (RFC 3261 12)? */
import { header, parseNameAddr, type HeaderSource } from './headers.ts';

const MAKES_DIALOG: ReadonlySet<string> = new Set(['SUBSCRIBE', 'INVITE', 'REFER']);

/** May a dialog come of a request with this method (RFC 3261 12.1, RFC 6665 4.4.1, RFC 3515 4.1)? */
export function makesDialog(method: string): boolean {
  return MAKES_DIALOG.has(method);
}

/** Does it name a dialog: has To a tag (RFC 3261 12.2.2)? */
export function isInDialog(req: HeaderSource): boolean {
  return parseNameAddr(header(req, 'To') ?? '')?.params.has('tag') ?? false;
}
