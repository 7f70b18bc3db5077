/** Our own Contact. */
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header, parseNameAddr, splitList } from '../../sip/read/headers.ts';
import { bracketed, parseUri } from '../../sip/read/uri.ts';

/** What a Contact is made from; for a dialog, of the request that began it. */
type Received = Pick<SipRequest, 'uri' | 'protocol' | 'receivedOn' | 'get'>;

/** Of a `sips:` URI the transport is what TLS runs over, and without one it is TCP (RFC 3261 26.2.2, RFC 5630 3.1.3). */
const PARAM: Readonly<Record<string, string>> = {
  tcp: ';transport=tcp',
  tls: ';transport=tls',
  ws: ';transport=ws',
};
const SECURE_PARAM: Readonly<Record<string, string>> = { ws: ';transport=ws' };

/** The address that the request came in on, which is what the phone can reach, in the scheme that its dialog must have. */
export function ownContact(req: Received): string {
  const { receivedOn = '127.0.0.1' } = req;
  const [, host = receivedOn, port = ''] = /^(.*)(:\d+)$/.exec(receivedOn) ?? [];
  const secure = wantsSips(req);
  const param = (secure ? SECURE_PARAM : PARAM)[transportOf(req)] ?? '';
  return `<${secure ? 'sips' : 'sip'}:${bracketed(host)}${port}${param}>`;
}

/** RFC 3261 12.1.1: the Request-URI, the topmost Record-Route, or without one the Contact of the request is a SIPS URI. */
function wantsSips(req: Received): boolean {
  const [first] = splitList(header(req, 'Record-Route') ?? header(req, 'Contact') ?? '');
  const next = parseNameAddr(first ?? '')?.uri ?? '';
  return [req.uri, next].some((uri) => parseUri(uri)?.scheme === 'sips');
}

/** A WebSocket is TCP or TLS to drachtio-server: only the topmost Via tells (RFC 7118 5.1). `wss` is no transport of a URI (5.2). */
function transportOf(req: Received): string {
  const [via = ''] = splitList(header(req, 'Via') ?? '');
  const transport = /^SIP\s*\/\s*2\.0\s*\/\s*(\w+)/i.exec(via)?.[1] ?? '';
  return /^wss?$/i.test(transport) || /^wss?$/i.test(req.protocol) ? 'ws' : req.protocol.toLowerCase();
}
