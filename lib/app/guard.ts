/**
 * What stands before the features, in this order: how much a source may ask, who asks, how much that sender may ask, whether he
 * may, and whether the domain is served here. Closed by default: an application that strangers can reach does not start unguarded.
 */
import { createAuth, type Auth } from '../auth/auth.ts';
import { createAuthorisation } from '../auth/authorisation.ts';
import { closedReason, isSecretKnown } from '../auth/closed.ts';
import { createLimits, type Limits } from '../auth/limits/limits.ts';
import type { LimitsOptions } from '../auth/limits/options.ts';
import type { AuthOptions } from '../auth/options.ts';
import type { Trust } from '../auth/trust/trust.ts';
import { trustedOnly } from '../auth/trusted-only.ts';
import { SiloError } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import type { Middleware, Port, Srf } from '../sip/drachtio/port.ts';
import type { Store } from '../stores/contract/store.ts';
import { createOwnDomains, type DomainSettings } from './own-domains.ts';

const log = logger('app');

export interface GuardDependencies {
  readonly port: Port;
  readonly store: Store;
  readonly trust: Trust;
  readonly now: () => number;
}

export interface GuardSettings extends DomainSettings, Pick<Config, 'drachtio'> {
  readonly auth: AuthOptions & Pick<Config['auth'], 'mode'>;
  readonly limits: LimitsOptions;
  /** Networks that are trusted. */
  readonly trusted: readonly string[];
  /** Says who asks, in place of passwords and trust. */
  readonly authenticate: ((port: Port) => Middleware) | undefined;
}

export interface Guard {
  readonly auth: Auth;
  readonly limits: Limits;
  /** Is this AoR of a domain that is served? */
  readonly serves: (aor: string) => boolean;
  /** Goes before all features. */
  readonly use: (srf: Srf) => void;
  /**
   * The addresses are known from the connection to drachtio-server on.
   * @throws SiloError when strangers could reach what nobody protects
   */
  readonly learn: (addresses: readonly string[]) => Promise<void>;
}

export function createGuard({ port, store, trust, now }: GuardDependencies, settings: GuardSettings): Guard {
  const { drachtio, open, trusted, authenticate, domains, telDomain } = settings;
  const { mode } = settings.auth;
  const auth = createAuth({ port, store, trust, now }, settings.auth);
  // Who says in place of passwords who asks is not known to ask for any.
  const proof = authenticate ? undefined : auth;
  const limits = createLimits(
    { port, isTrusted: trust.isOfHop, proof },
    { ...settings.limits, domains, telDomain },
  );
  const ownDomains = createOwnDomains(port, settings);

  return {
    auth,
    limits,
    serves: ownDomains.has,

    use: (srf) => {
      srf.use(limits.ofSource);
      // Nobody is asked for a password; then those that are trusted are served, and without any, everybody.
      const byTrust = mode === 'off' && trust.hasHops ? trustedOnly(port, trust) : undefined;
      srf.use(authenticate?.(port) ?? byTrust ?? auth.middleware);
      srf.use(limits.ofSender);
      srf.use(createAuthorisation(port, { telDomain }).onRequest);
      srf.use(ownDomains.middleware);
    },

    learn: async (addresses) => {
      const exposed = { addresses, trust: trusted, auth: mode, hasUsers: await auth.hasUsers() };
      const reason = closedReason({ ...exposed, open });
      if (reason !== undefined) throw new SiloError('SILO_CONFIG', reason);
      if (closedReason({ ...exposed, open: false }) !== undefined)
        log.warn(
          'SILO_OPEN: everybody who reaches this server registers as anybody, reads mail and sets lamps: nobody is asked who he is.',
        );
      if (isSecretKnown(drachtio))
        log.warn(
          `The drachtio-server at ${drachtio.host} has the secret that everybody knows: give it one of its own, here in DRACHTIO_SECRET.`,
        );
      ownDomains.learn(addresses);
    },
  };
}
