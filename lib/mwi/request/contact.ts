/** Our own Contact. */
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { bracketed } from '../../sip/read/uri.ts';

/** The address that the request came in on: what the phone can reach. */
export function ownContact({ receivedOn = '127.0.0.1', protocol }: SipRequest): string {
  const transport = protocol.toLowerCase();
  const [, host = receivedOn, port = ''] = /^(.*)(:\d+)$/.exec(receivedOn) ?? [];
  return `<sip:${bracketed(host)}${port}${transport === 'udp' || transport === '' ? '' : `;transport=${transport}`}>`;
}
