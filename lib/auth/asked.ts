/** Which requests are asked who makes them, and in whose domain: whose user it must be. */
import { SiloError } from '../base/errors.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { uriIn } from '../sip/read/recipient.ts';
import { parseUri } from '../sip/read/uri.ts';
import { ANONYMOUS_HOST } from './asker.ts';

/** What nobody does without a name. OPTIONS says nothing of anybody, and the rest is refused anyway. */
export const ASKED: ReadonlySet<string> = new Set(['REGISTER', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH']);

/**
 * REGISTER is about To, all else is done in the name of From. Kamailio takes its realms from the same places, so a table of users that
 * has served it goes on serving.
 * @throws SiloError 400 when there is no domain at all
 */
export function askedDomain(req: SipRequest, telDomain: string): string {
  const named = uriIn(req, req.method === 'REGISTER' ? 'To' : 'From');
  for (const text of [named, req.uri]) {
    const uri = parseUri(text.replace(/^(?:im|pres):/i, 'sip:'));
    const host = uri?.scheme === 'tel' ? telDomain : (uri?.host ?? '');
    if (host !== '' && host !== ANONYMOUS_HOST) return host;
  }
  throw new SiloError(
    'SILO_REFUSED',
    'Neither who asks nor the Request-URI has a domain: wanted is an address such as sip:bob@example.org.',
    { status: 400 },
  );
}
