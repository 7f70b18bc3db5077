/** What is asked: one WWW-Authenticate for each algorithm, the strongest first (RFC 8760 2.1). */
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { repeated } from '../../sip/drachtio/response-headers.ts';
import type { Algorithm } from './algorithms.ts';

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithms: readonly Algorithm[];
  /** The nonce of the answer was not good any more: the phone answers anew, and asks nobody for a password (RFC 7616 3.3). */
  readonly stale: boolean;
}

/** Headers of the 401. */
export function challengeHeaders({ realm, nonce, algorithms, stale }: Challenge): Record<string, string> {
  return repeated(
    'WWW-Authenticate',
    algorithms.map(
      (algorithm) =>
        `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ', stale=true' : ''}`,
    ),
  );
}

/** Bytes that drachtio-server has added to a request, and those of an answer beside its challenges and what it copies. */
const ADDED = 40;
const FIXED = 60;
/** Bytes that leave for each byte of a stranger, whose address may be forged. */
const MOST = 3;

/**
 * Is an answer with these headers small enough? A request of a phone is large enough for any; one that is made to be tiny has the
 * strongest challenge alone. Over a connection nobody's address is forged.
 */
export function mayAnswerWith(
  { raw, protocol }: SipRequest,
  headers: Readonly<Record<string, string>>,
): boolean {
  if (raw === undefined || !/^udp$/i.test(protocol)) return true;
  const bytes = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 4,
    0,
  );
  return raw.length + FIXED + bytes <= MOST * (raw.length - ADDED);
}
