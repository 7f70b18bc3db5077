/** Who says to be asking: From, which nobody has proved; and did a request come straight from who made it? */
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { isInDialog, makesDialog } from '../sip/read/dialog.ts';
import { header, splitList, type HeaderSource } from '../sip/read/headers.ts';
import { aorIn } from '../sip/read/recipient.ts';
import { bracketed, splitAor, type AorOptions } from '../sip/read/uri.ts';

/** Canonical AoR of the From header. */
export function fromOf(req: HeaderSource, options: AorOptions): string | undefined {
  return aorIn(req, 'From', options);
}

/** Who hides has this host in From (RFC 3323 4.1.1.3); it can't exist (RFC 2606 2). */
export const ANONYMOUS_HOST = 'anonymous.invalid';

/** An address of nobody. */
export function isAnonymous(aor: string): boolean {
  return splitAor(aor).host === ANONYMOUS_HOST;
}

/** Each proxy adds a Via (RFC 3261 16.6), and nobody behind it can take that away. */
export function isDirect(req: HeaderSource): boolean {
  return splitList(header(req, 'Via') ?? '').length === 1;
}

/**
 * drachtio-server forwards for strangers whatever has a tag in To and a Route through it, also to itself or to another server of
 * ours, where it then comes from an address that may be trusted. Whom it came from tells the topmost Via, which a server writes
 * itself; and nobody has a reason to write a tag in To of what makes no dialog.
 */
export function isForwardedByServer(req: SipRequest): boolean {
  const [via = ''] = splitList(header(req, 'Via') ?? '');
  const sentBy =
    /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*\w+[ \t]+([^\s;]+)/i.exec(via)?.[1]?.toLowerCase() ?? '';
  const own = (req.server?.hostport ?? '').split(',').map((address) => address.trim().replace(/^\w+\//, ''));
  const source = `${bracketed(req.source_address)}:${req.source_port}`;
  return own.includes(sentBy) || own.includes(source) || (isInDialog(req) && !makesDialog(req.method));
}
