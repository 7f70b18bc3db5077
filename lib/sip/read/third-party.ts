/**
 * The third-party REGISTER of an IMS S-CSCF (3GPP TS 24.229, 5.4.1.7): From it, To the user, and its Contact is the S-CSCF, not
 * a device. What is sent to the user has the user's address for a Request-URI, and the S-CSCF for a next hop, as if it had
 * registered the user's address along a Path through itself.
 */
import type { HeaderSource } from './headers.ts';
import { aorIn } from './recipient.ts';
import { parseUri, targetOf } from './uri.ts';

interface Registered {
  readonly aor: string;
  readonly path: readonly string[];
  readonly contacts: readonly { readonly uri: string }[];
}

/** Of a stored registration. */
interface Bound {
  readonly aor: string;
  readonly contact: string;
  readonly path: readonly string[];
}

/** The registration as it is meant; one that is no such stays what it is. */
export function ofThirdParty<T extends Registered>(req: HeaderSource, registration: T): T {
  const { aor, path, contacts } = registration;
  const [contact, ...more] = contacts;
  const from = aorIn(req, 'From');
  if (contact === undefined || more.length > 0 || path.length > 0 || from === aor) return registration;
  const server = parseUri(contact.uri);
  const target = targetOf(contact.uri);
  // A device has a user part; the address of a server has none.
  if (server === undefined || target === undefined || server.scheme === 'tel' || server.user !== undefined)
    return registration;
  const route = server.params.has('lr') ? target : `${target};lr`;
  return {
    ...registration,
    path: [`<${route}>`],
    contacts: [{ ...contact, uri: addressOf(server.scheme, aor) }],
  };
}

/** The Contact of the REGISTER that a binding comes from: that is what the S-CSCF is answered with (RFC 3261 10.3). */
export function registeredContact({ aor, contact, path }: Bound): string {
  const [server = ''] = path;
  const made = path.length === 1 && ['sip', 'sips'].some((scheme) => contact === addressOf(scheme, aor));
  return made ? server.slice(1, -1).replace(/;lr$/, '') : contact;
}

function addressOf(scheme: string, aor: string): string {
  return `${scheme}:${aor}`;
}
