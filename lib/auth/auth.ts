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
import type { Algorithm } from './digest/algorithms.ts';
import { challengeHeaders, mayAnswerWith, type Challenge } from './digest/challenge.ts';
import { KeyRing } from './digest/key-ring.ts';
import { makeNonce } from './digest/nonce.ts';
import { NonceUses } from './digest/nonce-uses.ts';
import { aorOfIdentity } from './authorise.ts';
import { setIdentity, type Identity } from './identity.ts';
import { algorithmsOf, authOptions, type AuthOptions } from './options.ts';
import { Passwords } from './passwords.ts';
import { Unanswered } from './unanswered.ts';
import { CachedUsers } from './users/cached.ts';
import { createUserOperations, type UserOperations } from './users/operations.ts';
import { openUsers } from './users/users.ts';

const log = logger('auth');

/** Seconds for which a key makes nonces. */
const ROTATE = 86_400;
/** Seconds for which a nonce of another node is good: as long as it takes to answer a challenge. */
const FOREIGN = 30;
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
   * wrong password, refused for what can't be read or is for another address.
   */
  readonly results: Readonly<Record<AuthResult, number>>;
  /** Phones that were asked again and again, and have never answered. */
  readonly unanswering: number;
}

export interface Auth {
  /** What came of asking so far. */
  readonly statistics: () => AuthStatistics;
  /** Goes before all that serve REGISTER, MESSAGE, SUBSCRIBE and PUBLISH. */
  readonly middleware: Middleware;
  /** Will the middleware challenge it, since it has no credentials at all? For `createLimits`. */
  readonly isAsked: (req: SipRequest) => boolean;
  /**
   * Will the middleware find its password right? For `createLimits`, whatever flood it stands in.
   * @param mayLookUp asked before a user is looked for who is not remembered
   */
  readonly isProved: (req: SipRequest, mayLookUp: () => boolean) => Promise<boolean>;
  /** Is there any user? */
  readonly hasUsers: () => Promise<boolean>;
  /** The users of the store: listed, added, removed, with other passwords. */
  readonly users: UserOperations;
  /** Are users asked for a password? */
  readonly isOn: () => boolean;
  /** Nothing is remembered of this AoR any more: a user who was erased is one no longer. */
  readonly forget: (aor: string) => void;
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
  const users = new CachedUsers(openUsers(settings.users, store, settings), {
    life: settings.cacheTime,
    now,
  });
  const keys = new KeyRing(store, { now, rotate: ROTATE, keep: 2 * ROTATE + nonceTime });
  /** Of this run: what an earlier one has counted is not known any more. */
  const node = randomInt(2 ** 32);
  const uses = new NonceUses({ node, foreign: FOREIGN });
  const passwords = new Passwords({ users, keys, uses, algorithms, nonceTime, now });
  const unanswered = new Unanswered(now);
  const results = Object.fromEntries(AUTH_RESULTS.map((result) => [result, 0])) as Record<AuthResult, number>;
  const ticker = createTicker(log);
  let on = mode === 'on' || (mode === 'auto' && trust?.hasHops === true);
  let looked: Promise<void> | undefined;

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

  const realmOf = (domain: string) => (settings.realm === '' ? domain : settings.realm);

  /** Undefined: it was answered. */
  async function proved(req: SipRequest, res: SipResponse): Promise<Identity | undefined> {
    const domain = domainOf(req);
    const realm = realmOf(domain);
    const judged = await passwords.judge(req, { realm, domain }).catch((error: unknown) => {
      if (error instanceof SiloError && error.status === 400) results.malformed++;
      throw error;
    });
    results[judged.verdict]++;
    // Where MD5 alone is offered the hint would be none.
    if (judged.verdict !== 'asked') unanswered.answered(req);
    else if (algorithms.includes('SHA-256')) unanswered.asked(req);
    if (judged.verdict === 'proved') return { kind: 'digest', aor: judged.aor };
    const challenge = { realm, algorithms, stale: judged.verdict === 'stale' };
    if (judged.verdict !== 'wrong') return ask(req, res, challenge);
    log.debug(`wrong credentials from ${req.source_address}`, { callId: header(req, 'Call-ID') ?? '' });
    return ask(req, res, { ...challenge, ...secondChance(judged.algorithm) });
  }

  /**
   * A table that another program has filled may have digests in MD5 only, which a phone that prefers SHA-256 would never be asked
   * for. So whoever fails with SHA-256 is asked once more for MD5; everybody is, since who has what is nobody's affair.
   */
  function secondChance(algorithm: Algorithm): Partial<Challenge> {
    if (algorithm !== 'SHA-256' || !algorithms.includes('MD5')) return {};
    return { algorithms: ['MD5'], stale: true };
  }

  const isChallenged = (req: SipRequest) => on && ASKED.has(req.method) && !trust?.identityOf(req);

  async function isProved(req: SipRequest, mayLookUp: () => boolean): Promise<boolean> {
    if (!isChallenged(req)) return false;
    try {
      const domain = domainOf(req);
      return await passwords.wouldBeRight(req, { realm: realmOf(domain), domain }, mayLookUp);
    } catch (error) {
      if (error instanceof SiloError) return false;
      throw error;
    }
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
    isAsked: (req) => isChallenged(req) && header(req, 'Authorization') === undefined,
    isProved,
    hasUsers: users.any,
    users: createUserOperations(store, settings),
    isOn: () => on,
    statistics: () => ({ results: { ...results }, unanswering: unanswered.found }),
    forget: (aor) => {
      users.forget(aor);
      unanswered.forget();
    },
    start: async () => {
      await firstLook();
      if (on || mode === 'off') return;
      ticker.every(LOOK, look);
    },
    close: () => ticker.close(),
  };
}
