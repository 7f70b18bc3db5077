/** Bindings, and how the contacts of a REGISTER become them. */
import { takesMessage, type Registration } from './registration.ts';
import type { Source } from './source.ts';

/** Where a message may be sent: one contact of one AoR (RFC 3261 10, RFC 3327, RFC 5626). */
export interface Binding {
  readonly aor: string;
  /** Contact URI as registered. */
  readonly contact: string;
  /** Epoch seconds. */
  readonly expires: number;
  readonly q: number;
  readonly instance: string | undefined;
  readonly regId: number | undefined;
  readonly callId: string;
  readonly cseq: number;
  readonly path: readonly string[];
  /** Where the REGISTER came from. */
  readonly source: Source;
  /** SIP addresses of the drachtio-server that the REGISTER came through: it alone has the device's connection. */
  readonly server: string;
  /** Can the device take MESSAGE (Allow, `methods`)? */
  readonly takesMessage: boolean;
  readonly userAgent: string;
  /** The methods that it says it can do, in text order with commas between; '' when it does not say. */
  readonly methods?: string;
  /** When it was last registered, for "newest first". */
  readonly updated: number;
}

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
