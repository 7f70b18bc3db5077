/** What is asked: one WWW-Authenticate for each algorithm, the strongest first (RFC 8760 2.1). */
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
