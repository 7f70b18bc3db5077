/**
 * Who is asking: the middleware before all features. It leaves the identity of the request on it, or answers with a challenge
 * (RFC 3261 22, RFC 7616, RFC 8760). What an identity may do is decided elsewhere.
 */
import { randomInt } from 'node:crypto';
import { epochSeconds } from '../base/clock.ts';
import { SiloError } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { createTicker } from '../base/ticker.ts';
import { checkOptions } from '../options/check.ts';
import type { Next, SipRequest, SipResponse } from '../sip/drachtio/messages.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import { header } from '../sip/read/headers.ts';
import type { UserStore } from '../stores/contract/users.ts';
import { ASKED, askedDomain } from './asked.ts';
import { challengeHeaders, mayAnswerWith, type Challenge } from './digest/challenge.ts';
import { credentialsFor, type Credentials } from './digest/credentials.ts';
import { KeyRing } from './digest/key-ring.ts';
import { isFor, isGenuine, makeNonce, readNonce, type Nonce } from './digest/nonce.ts';
import { NonceUses } from './digest/nonce-uses.ts';
import { isRight, isSameTarget } from './digest/verify.ts';
import { aorOfIdentity } from './authorise.ts';
import { setIdentity, type Identity } from './identity.ts';
import { algorithmsOf, authOptions, type AuthOptions } from './options.ts';
import { CachedUsers } from './users/cached.ts';
import type { UserName } from './users/find.ts';
import { namedBy } from './users/name.ts';
import { openUsers } from './users/users.ts';

const log = logger('auth');

/** Seconds for which a key makes nonces. */
const ROTATE = 86_400;
/** Seconds for which a nonce of another node is good: as long as it takes to answer a challenge. */
const FOREIGN = 30;
/** Seconds by which the clock of another node may be ahead. */
const AHEAD = 60;
/** Seconds between two looks whether there is a user by now. */
const LOOK = 5;

export interface AuthDependencies {
  readonly port: Pick<Port, 'middleware' | 'respond'>;
  readonly store: UserStore;
  /** Hops whose word counts; without, nobody's does. */
  readonly trust?: {
    readonly hasHops: boolean;
    readonly identityOf: (req: SipRequest) => Identity | undefined;
  };
  /** Clock in epoch seconds. */
  readonly now?: () => number;
}

/** What came of asking who somebody is. */
const AUTH_RESULTS = ['trusted', 'proved', 'asked', 'stale', 'wrong', 'malformed'] as const;

type AuthResult = (typeof AUTH_RESULTS)[number];

export interface AuthStatistics {
  /**
   * Requests since the start: of a hop that is trusted, proved, asked for a password, with a challenge that is too old or not ours, with a
   * wrong password or for another address, refused for what can't be read.
   */
  readonly results: Readonly<Record<AuthResult, number>>;
}

export interface Auth {
  /** What came of asking so far. */
  readonly statistics: () => AuthStatistics;
  /** Goes before all that serve REGISTER, MESSAGE, SUBSCRIBE and PUBLISH. */
  readonly middleware: Middleware;
  /** Is there any user? */
  readonly hasUsers: () => Promise<boolean>;
  /** Are users asked for a password? */
  readonly isOn: () => boolean;
  /** Looks for users, and with `auto` again and again until there is one. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * @example
 * const auth = createAuth({ port, store }, { realm: 'example.org' });
 * srf.use(auth.middleware);
 * await auth.start();
 */
export function createAuth(
  { port, store, trust, now = epochSeconds }: AuthDependencies,
  options: AuthOptions = {},
): Auth {
  const settings = checkOptions(authOptions, options);
  const { mode, nonceTime, telDomain, domains } = settings;
  const algorithms = algorithmsOf(settings.algorithms);
  const users = new CachedUsers(openUsers(settings.users, store), { life: settings.cacheTime, now });
  const keys = new KeyRing(store, { now, rotate: ROTATE, keep: 2 * ROTATE + nonceTime });
  /** Of this run: what an earlier one has counted is not known any more. */
  const node = randomInt(2 ** 32);
  const uses = new NonceUses({ node, foreign: FOREIGN });
  const ticker = createTicker(log);
  let on = mode === 'on' || (mode === 'auto' && trust?.hasHops === true);
  let looked: Promise<void> | undefined;
  const results = Object.fromEntries(AUTH_RESULTS.map((result) => [result, 0])) as Record<AuthResult, number>;

  async function look(): Promise<void> {
    if (on || mode === 'off' || !(await users.any())) return;
    on = true;
    log.debug('there is a user: from now on everybody is asked who he is');
  }

  /** Nobody passes unasked for want of a look. */
  function firstLook(): Promise<void> {
    looked ??= look().catch((error: unknown) => {
      looked = undefined;
      throw error;
    });
    return looked;
  }

  /** Users of domains that are not served there are none: who asks in such a name may still be one of ours. */
  function domainOf(req: SipRequest): string {
    const asked = askedDomain(req, telDomain);
    return domains.length === 0 || domains.includes(asked) ? asked : (domains[0] ?? asked);
  }

  async function onRequest(req: SipRequest, res: SipResponse, next: Next): Promise<void> {
    if (!ASKED.has(req.method) || mode === 'off') {
      next();
      return;
    }
    if (!on) await firstLook();
    if (on) {
      const asserted = trust?.identityOf(req);
      if (asserted) results.trusted++;
      const identity = asserted ?? (await proved(req, res));
      if (!identity) return;
      setIdentity(req, identity);
      if (log.isRead())
        log.debug(`it is ${aorOfIdentity(identity) ?? 'somebody without an address'} (${identity.kind})`, {
          callId: header(req, 'Call-ID') ?? '',
        });
    }
    next();
  }

  /** Undefined: it was answered. */
  async function proved(req: SipRequest, res: SipResponse): Promise<Identity | undefined> {
    const domain = domainOf(req);
    const realm = settings.realm === '' ? domain : settings.realm;
    const challenge = (result: AuthResult, over: Partial<Challenge> = {}) => {
      results[result]++;
      return ask(req, res, { realm, algorithms, stale: result === 'stale', ...over });
    };

    const credentials = credentialsFor(realm, header(req, 'Authorization'));
    if (credentials === 'foreign') return challenge('stale');
    if (!credentials || !algorithms.includes(credentials.algorithm)) return challenge('asked');
    if (!isSameTarget(credentials.uri, req.uri)) {
      results.malformed++;
      throw new SiloError(
        'SILO_REFUSED',
        `Authorization is for another uri: wanted is that of the request, ${req.uri}.`,
        { status: 400 },
      );
    }
    const nonce = await goodNonce(credentials, req.source_address);
    if (!nonce) return challenge('stale');

    const name = namedBy(credentials, domain);
    if (name?.aor === undefined || !(await isProved(req.method, credentials, name))) {
      log.debug(`wrong credentials from ${req.source_address}`, { callId: header(req, 'Call-ID') ?? '' });
      return challenge('wrong', secondChance(credentials));
    }
    const nc = Number.parseInt(credentials.nc, 16);
    if (!uses.use(credentials.nonce, nonce, { nc, now: now(), source: req.source_address }))
      return challenge('stale');
    results.proved++;
    return { kind: 'digest', aor: name.aor };
  }

  /** Who is wrong may have been given this password a moment ago. */
  async function isProved(method: string, credentials: Credentials, name: UserName): Promise<boolean> {
    return (
      isRight(method, credentials, await users.find(name)) ||
      isRight(method, credentials, await users.findAgain(name))
    );
  }

  /**
   * A table that another program has filled may have digests in MD5 only, which a phone that prefers SHA-256 would never be asked
   * for. So whoever fails with SHA-256 is asked once more for MD5; everybody is, since who has what is nobody's affair.
   */
  function secondChance({ algorithm }: Credentials): Partial<Challenge> {
    if (algorithm !== 'SHA-256' || !algorithms.includes('MD5')) return {};
    return { algorithms: ['MD5'], stale: true };
  }

  /** Made by a node of ours, for this address, and not too old. */
  async function goodNonce({ nonce: text }: Credentials, source: string): Promise<Nonce | undefined> {
    const nonce = readNonce(text);
    if (!nonce) return undefined;
    if (!uses.knows(text, source)) {
      const key = await keys.byId(nonce.keyId);
      if (!key || !isGenuine(text, key) || !isFor(text, key, source)) return undefined;
    }
    const age = now() - nonce.time;
    return age <= nonceTime && age >= -AHEAD ? nonce : undefined;
  }

  async function ask(
    req: SipRequest,
    res: SipResponse,
    challenge: Omit<Challenge, 'nonce'>,
  ): Promise<undefined> {
    const nonce = makeNonce(await keys.newest(), { time: now(), node, source: req.source_address });
    const headers = challengeHeaders({ ...challenge, nonce });
    if (mayAnswerWith(req, headers)) port.respond(res, 401, { headers });
    else {
      const [strongest] = challenge.algorithms;
      const algorithms = strongest === undefined ? [] : [strongest];
      port.respond(res, 401, {
        reason: 'Who',
        headers: challengeHeaders({ ...challenge, nonce, algorithms }),
      });
    }
  }

  return {
    middleware: port.middleware('authenticate', onRequest),
    statistics: () => ({ results: { ...results } }),
    hasUsers: users.any,
    isOn: () => on,
    start: async () => {
      await firstLook();
      if (on || mode === 'off') return;
      ticker.every(LOOK, look);
    },
    close: () => ticker.close(),
  };
}
