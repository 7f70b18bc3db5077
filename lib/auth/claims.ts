/** What a request says of who sent it that only a trusted hop may say. */

import { identityOf, isFromTrustedHop } from './identity.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';

/** RFC 3325 5, RFC 6050 4.1; Remote-Party-ID, which no RFC has, is what phones show all the same. */
const CLAIMS = ['P-Asserted-Identity', 'P-Asserted-Service', 'Remote-Party-ID'] as const;

/** The headers of this request that are not to be handed on: nobody who is trusted has written them. */
export function unbelievedHeaders(req: SipRequest): readonly string[] {
  const identity = identityOf(req);
  return identity === undefined || isFromTrustedHop(identity) ? [] : CLAIMS;
}
