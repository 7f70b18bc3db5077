/** Requests as drachtio-srf hands them over, for what only reads them. */
import type { SipRequest } from '../../lib/sip/drachtio/messages.ts';

export function aRequest(
  method: string,
  headers: Readonly<Record<string, string>>,
  source = '192.0.2.1',
): SipRequest {
  const found = new Map(
    Object.entries({ Via: 'SIP/2.0/UDP 192.0.2.1', ...headers }).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
  return {
    method,
    uri: 'sip:example.org',
    source_address: source,
    source_port: 5060,
    protocol: 'udp',
    get: (name) => found.get(name.toLowerCase()),
  };
}
