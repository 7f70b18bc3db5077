/** A request as an application gets it: raw text through drachtio-srf's own parser and Request class. */
import { createRequire } from 'node:module';
import type { RegisterRequest } from '../../lib/sip/read/registration.ts';

const require = createRequire(import.meta.url);
const SipMessage = require('drachtio-srf/lib/sip-parser/message.js') as new (raw: string) => object;
const Request = require('drachtio-srf/lib/request.js') as new (
  message: object,
  meta: object,
) => RegisterRequest;

/** Header lines after the given start line, read by drachtio-srf. */
export function rawRequest(
  lines: readonly string[],
  start = 'REGISTER sip:example.com SIP/2.0',
): RegisterRequest {
  const message = new SipMessage(`${[start, ...lines].join('\r\n')}\r\n\r\n`);
  return new Request(message, { source: 'network', address: '192.0.2.7', port: '40123', protocol: 'TCP' });
}
