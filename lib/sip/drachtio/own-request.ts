/** A request that came by no wire: a program of this host says it. Whoever reads requests reads it as any other. */
import type { SipRequest } from './messages.ts';

export interface OwnRequest {
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  /** All but Content-Length, each name once, values without controls. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** In place of an address, where it is said who asks. */
const BY_PROGRAM = 'a program';

export function ownRequest({ method, uri, headers, body = Buffer.alloc(0) }: OwnRequest): SipRequest {
  const all = { ...headers, 'Content-Length': String(body.length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const values = new Map(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
  // Bytes that are no UTF-8 become U+FFFD, as those that drachtio hands over: they are refused in the same place.
  const text = body.toString('utf8');
  return {
    method,
    uri,
    raw: `${method} ${uri} SIP/2.0\r\n${lines.join('')}\r\n${text}`,
    body: text,
    source_address: BY_PROGRAM,
    source_port: 0,
    protocol: '',
    get: (name) => values.get(name.toLowerCase()),
  };
}
