/**
 * Who may what: the one place that decides. It is asked where a request's resource is known, about an identity that was
 * proved or asserted before; each refusal is a sentence for the person who reads it on a phone or in a log.
 */
import { SiloError } from '../base/errors.ts';
import { isAnonymous } from './asker.ts';
import { isFromTrustedHop, type Action, type Identity } from './identity.ts';
import type { Publishers, Watchers } from './lamp-rules.ts';

/** What each action is about. */
interface Resources {
  /** The AoR in To, and that in From. */
  readonly register: { readonly aor: string | undefined; readonly from: string | undefined };
  /** The AoR in From; undefined: it names no user. */
  readonly message: { readonly from: string | undefined };
  readonly subscribe: { readonly mailbox: string };
  /** `server`: from the address of a server that may publish; `direct`: without a proxy between. */
  readonly publish: { readonly mailbox: string; readonly server: boolean; readonly direct: boolean };
}

interface Rules {
  readonly register: undefined;
  readonly message: undefined;
  readonly subscribe: Watchers;
  readonly publish: Publishers;
}

/** Why not; undefined: it may. */
type Judge<A extends Action> = (
  identity: Identity,
  resource: Resources[A],
  rules: Rules[A],
) => string | undefined;

const JUDGES: { readonly [A in Action]: Judge<A> } = {
  register: (identity, { aor, from }) => {
    const known = aorOfIdentity(identity);
    if (isFromTrustedHop(identity)) {
      // A third party registers for the user (RFC 3261 10.2), an S-CSCF say: only whom the hop names is held to that name.
      if (identity.kind === 'network' || known === undefined || known === aor) return undefined;
    } else if (from !== aor)
      return `From ${shown(from)} registers ${shown(aor)}: a third party may only through a proxy that SILO_TRUST names.`;
    return known === aor
      ? undefined
      : `You are ${shown(known)} and may register yourself, not ${shown(aor)}.`;
  },

  message: (identity, { from }) => {
    // The hop has checked From, or is the author itself.
    if (identity.kind === 'network') return undefined;
    const known = aorOfIdentity(identity);
    if (from !== undefined && (from === known || isAnonymous(from))) return undefined;
    if (from === undefined && known !== undefined)
      return `From names nobody here: you may write as ${known}, and as a tel: number only where there is SILO_TEL_DOMAIN.`;
    return known === undefined
      ? `The asserted identity is no address here, so From must be anonymous, not ${shown(from)}; numbers need SILO_TEL_DOMAIN.`
      : `You are ${known} and may write as that or as anonymous@anonymous.invalid, not as ${shown(from)}.`;
  },

  subscribe: (identity, { mailbox }, watchers) => {
    const known = aorOfIdentity(identity);
    if (known !== undefined && (known === mailbox || watchers.allow(known, mailbox))) return undefined;
    return `You are ${shown(known)}, and ${mailbox} is not yours to watch: SILO_MWI_WATCHERS says whose it is.`;
  },

  publish: (identity, { mailbox, server, direct }, publishers) => {
    const known = aorOfIdentity(identity);
    if (known !== undefined && publishers.names(known)) return undefined;
    // Behind a proxy the address is the proxy's; and whom a hop names is somebody else than the hop.
    if (server && direct && identity.kind !== 'asserted') return undefined;
    return `You are ${shown(known)} and may not publish for ${mailbox}: SILO_MWI_PUBLISHERS says who may.`;
  },
};

/**
 * @example
 * authorise(identity, 'register', { aor: 'bob@example.org', from: 'bob@example.org' });
 * @throws SiloError 403
 */
export function authorise<A extends Action>(
  identity: Identity,
  action: A,
  resource: Resources[A],
  ...[rules]: Rules[A] extends undefined ? [] : [Rules[A]]
): void {
  if (identity.kind === 'nobody') throw forbidden('Nobody knows who you are: authenticate.');
  const judge: Judge<A> = JUDGES[action];
  const why = judge(identity, resource, rules as Rules[A]);
  if (why !== undefined) throw forbidden(why);
}

/**
 * A way that a request names is followed only where a trusted hop has written it: else anybody sends whom he likes to wherever
 * he likes. It is refused and not passed over, as RFC 3327 5.3 leaves to the registrar: what is sent to the device would
 * else go astray, and nobody would know why.
 *
 * @throws SiloError 403
 */
export function authoriseWay(identity: Identity, name: 'Path' | 'Record-Route', source: string): void {
  if (isFromTrustedHop(identity)) return;
  throw forbidden(`${name} is followed only from proxies that SILO_TRUST names, and ${source} is none.`);
}

export function aorOfIdentity(identity: Identity): string | undefined {
  return identity.kind === 'nobody' ? undefined : identity.aor;
}

function forbidden(sentence: string): SiloError {
  return new SiloError('SILO_REFUSED', sentence, { status: 403 });
}

function shown(aor: string | undefined): string {
  return aor ?? 'no user';
}
