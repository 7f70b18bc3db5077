/** From the contacts of a REGISTER to bindings. */
import type { Binding } from '../stores/store.ts';
import { takesMessage, type Registration } from './registration.ts';

/** Granted where neither Contact nor Expires says how long (RFC 3261 10.3 leaves it to the registrar). */
const DEFAULT_EXPIRES = 3600;

/** The bindings that a REGISTER asks for; those with `expires` not after `now` are to be removed. */
export function bindingsOf(
  registration: Registration,
  now: number,
  expiresOf = (seconds: number | undefined) => seconds ?? DEFAULT_EXPIRES,
): readonly Binding[] {
  return registration.contacts.map((contact) => ({
    aor: registration.aor,
    contact: contact.uri,
    expires: now + expiresOf(contact.expires),
    q: contact.q,
    instance: contact.instance,
    regId: contact.regId,
    callId: registration.callId,
    cseq: registration.cseq,
    path: registration.path,
    source: registration.source,
    server: registration.server,
    takesMessage: takesMessage(contact, registration),
    userAgent: registration.userAgent ?? '',
    methods: [...new Set(contact.methods ?? registration.allow)].sort().join(','),
    updated: now,
  }));
}
