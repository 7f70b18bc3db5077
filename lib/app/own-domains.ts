/**
 * Which domains are served where nobody has said it: every one on loopback, and for strangers the addresses of this server
 * alone, so that nobody makes it store for the domains of others.
 */
import { exposedHosts } from '../auth/closed.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { notServed, served, subjectOf } from '../sip/read/recipient.ts';

export interface OwnDomains {
  /** Refuses REGISTER and MESSAGE for other domains. */
  readonly middleware: Middleware;
  /** Is this AoR of a domain that is served? */
  readonly has: (aor: string) => boolean;
  /** The addresses are known from the connection to drachtio-server on. */
  readonly learn: (addresses: readonly string[]) => void;
}

export interface DomainSettings {
  readonly domains: readonly string[];
  readonly telDomain: string;
  /** The operator insists on serving everybody. */
  readonly open: boolean;
}

export function createOwnDomains(
  port: Pick<Port, 'middleware'>,
  { domains, telDomain, open }: DomainSettings,
): OwnDomains {
  let hosts: readonly string[] = [];
  const has = (aor: string) => served(aor, hosts) || (telDomain !== '' && served(aor, [telDomain]));

  /** As the registrar and the silo will read it: they know of no domains. */
  const aorAskedFor = (req: SipRequest) => {
    const isAboutPeople = req.method === 'REGISTER' || req.method === 'MESSAGE';
    return isAboutPeople ? subjectOf(req, { domains, telDomain }) : undefined;
  };

  return {
    has,
    learn: (addresses) => {
      hosts = open || domains.length > 0 ? [] : (exposedHosts(addresses) ?? []);
    },
    middleware: port.middleware('ownDomains', (req, _, next) => {
      const aor = hosts.length === 0 ? undefined : aorAskedFor(req);
      if (aor !== undefined && !has(aor)) throw notServed(aor);
      next();
    }),
  };
}
