/** In whose domain a request is asked about: whose user it must be. */
import { SiloError } from '../base/errors.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { header, parseNameAddr } from '../sip/read/headers.ts';
import { parseUri } from '../sip/read/uri.ts';

/** RFC 3323 4.1.1.3: who hides has this host in From. */
const ANONYMOUS = 'anonymous.invalid';

/**
 * REGISTER is about To, all else is done in the name of From. Kamailio takes its realms from the same places, so a table of users that
 * has served it goes on serving.
 * @throws SiloError 400 when there is no domain at all
 */
export function askedDomain(req: SipRequest, telDomain: string): string {
  const named = parseNameAddr(header(req, req.method === 'REGISTER' ? 'To' : 'From') ?? '')?.uri ?? '';
  for (const text of [named, req.uri]) {
    const uri = parseUri(text.replace(/^(?:im|pres):/i, 'sip:'));
    const host = uri?.scheme === 'tel' ? telDomain : (uri?.host ?? '');
    if (host !== '' && host !== ANONYMOUS) return host;
  }
  throw new SiloError(
    'SILO_REFUSED',
    'Neither who asks nor the Request-URI has a domain: wanted is an address such as sip:bob@example.org.',
    { status: 400 },
  );
}
