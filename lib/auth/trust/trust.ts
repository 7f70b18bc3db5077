/**
 * Trust (RFC 3325 3): the hops whose word counts. A request of theirs goes unchallenged, and what it says of others is
 * believed; from all others it is not, nor handed on. Loopback is not trusted for being loopback.
 */
import { checkOptions } from '../../options/check.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { fromOf, isAnonymous, isDirect, isForwardedByServer } from '../asker.ts';
import { header } from '../../sip/read/headers.ts';
import { networksOf } from '../../base/networks.ts';
import type { AorOptions } from '../../sip/read/uri.ts';
import type { Identity } from '../identity.ts';
import { serversOf } from '../lamp-rules.ts';
import { assertedIn } from './asserted.ts';
import { trustOptions, type TrustOptions } from './options.ts';

export interface Trust {
  /** Who asks, by the word of a trusted hop; undefined: the hop is not trusted, ask for a password. */
  readonly identityOf: (req: SipRequest) => Identity | undefined;
  /** Is any hop trusted at all? */
  readonly hasHops: boolean;
  /** Does it come from a trusted hop, and not from a stranger whom a server of ours has forwarded? */
  readonly isOfHop: (req: SipRequest) => boolean;
  /** Need this host not show that it listens before something is sent to it? For `createPort`. */
  readonly isFree: (host: string) => boolean;
}

/**
 * @example
 * const trust = createTrust({ trust: ['192.0.2.0/28'] });
 * trust.identityOf(req); // { kind: 'asserted', aor: 'alice@example.org', hop: '192.0.2.1' }
 */
export function createTrust(options: TrustOptions = {}): Trust {
  const settings = checkOptions(trustOptions, options);
  const trusted = networksOf(settings.trust);
  const isOfPublisher = serversOf(settings.publishers);
  const local = networksOf(settings.local);

  /** A voicemail server beside us, say, which has no password. What a proxy hands on is not its own. */
  const isOwnPublication = (req: SipRequest) =>
    req.method === 'PUBLISH' && isDirect(req) && isOfPublisher(req);

  const isOfHop = (req: SipRequest) => trusted.has(req.source_address) && !isForwardedByServer(req);

  return {
    hasHops: settings.trust.length > 0,
    isOfHop,
    isFree: (host) => trusted.has(host) || local.has(host),
    identityOf: (req) => {
      const hop = req.source_address;
      if (isOfHop(req)) return asserted(req, hop, settings) ?? ofFrom(req, hop, settings);
      return isOwnPublication(req) ? ofFrom(req, hop, settings) : undefined;
    },
  };
}

/** Undefined when the hop asserts nobody. */
function asserted(req: SipRequest, hop: string, options: AorOptions): Identity | undefined {
  const value = header(req, 'P-Asserted-Identity');
  if (value === undefined) return undefined;
  const aors = assertedIn(value, options);
  // Somebody may have several names: the one that the request is written in.
  const from = fromOf(req, options);
  const aor = aors.find((name) => name === from) ?? aors[0];
  return { kind: 'asserted', aor, hop };
}

/** The hop has checked From, or is From itself. */
function ofFrom(req: SipRequest, hop: string, options: AorOptions): Identity {
  const from = fromOf(req, options);
  return { kind: 'network', aor: from === undefined || isAnonymous(from) ? undefined : from, hop };
}
