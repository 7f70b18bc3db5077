/** Who is asking: one notion for every feature. The authenticating middleware leaves it on the request, as `req.identity`. */
import type { SipRequest } from '../sip/drachtio/messages.ts';

/**
 * - `digest`: proved by a password (RFC 7616, RFC 8760);
 * - `asserted`: a trusted hop says it (RFC 3325); without `aor` the hop vouches for somebody whom it does not name;
 * - `network`: a trusted hop asks and asserts nobody: it has checked From, so `aor` is that of From;
 * - `nobody`.
 */
export type Identity =
  | { readonly kind: 'digest'; readonly aor: string }
  | { readonly kind: 'asserted'; readonly aor: string | undefined; readonly hop: string }
  | { readonly kind: 'network'; readonly aor: string | undefined; readonly hop: string }
  | { readonly kind: 'nobody' };

export const NOBODY: Identity = { kind: 'nobody' };

/** What a request wants to do, and to whom: the words that the one place of decision knows. */
export type Action = 'register' | 'message' | 'subscribe' | 'publish';

/** The identity of a request; undefined where nobody authenticates: then it is the affair of what stands in front. */
export function identityOf(req: SipRequest): Identity | undefined {
  return (req as { identity?: Identity }).identity;
}

export function setIdentity(req: SipRequest, identity: Identity): void {
  (req as { identity?: Identity }).identity = identity;
}

/** It came from a hop that is trusted: its Path, its Record-Route and what it says of others count. */
export function isFromTrustedHop(identity: Identity): boolean {
  return identity.kind === 'asserted' || identity.kind === 'network';
}
