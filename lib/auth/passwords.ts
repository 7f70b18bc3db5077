/** Does a request carry a password that is right, of a challenge of ours? What is answered to it is decided elsewhere. */
import { SiloError } from '../base/errors.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { header } from '../sip/read/headers.ts';
import type { Algorithm } from './digest/algorithms.ts';
import { credentialsFor, type Credentials } from './digest/credentials.ts';
import type { KeyRing } from './digest/key-ring.ts';
import { isFor, isGenuine, type Nonce, type NonceKey } from './digest/nonce.ts';
import type { NonceUses } from './digest/nonce-uses.ts';
import { isRight, isSameTarget } from './digest/verify.ts';
import type { CachedUsers } from './users/cached.ts';
import { namedBy } from './users/name.ts';

/** Seconds by which the clock of another node may be ahead. */
const AHEAD = 60;

export interface PasswordParts {
  readonly users: CachedUsers;
  readonly keys: KeyRing;
  readonly uses: NonceUses;
  readonly algorithms: readonly Algorithm[];
  /** Seconds for which a challenge is good. */
  readonly nonceTime: number;
  readonly now: () => number;
}

/** Where it must be right. */
export interface Asked {
  readonly realm: string;
  /** Of a user name that has none. */
  readonly domain: string;
}

/** `asked`: there are no credentials; `stale`: they are for another challenge than one of ours that is still good. */
export type Judgement =
  | { readonly verdict: 'asked' | 'stale' }
  | { readonly verdict: 'wrong'; readonly algorithm: Algorithm }
  | { readonly verdict: 'proved'; readonly aor: string };

export class Passwords {
  readonly #parts: PasswordParts;

  constructor(parts: PasswordParts) {
    this.#parts = parts;
  }

  /**
   * What it judges to be right is counted, and not right any more.
   * @throws SiloError 400 when the credentials can't be read, 503 when the user can't be looked up
   */
  async judge(req: SipRequest, asked: Asked): Promise<Judgement> {
    const { keys, uses, users, now } = this.#parts;
    const credentials = this.#credentialsIn(req, asked);
    if (typeof credentials === 'string') return { verdict: credentials };
    if (!isSameTarget(credentials.uri, req.uri))
      throw new SiloError(
        'SILO_REFUSED',
        `Authorization is for another uri: wanted is that of the request, ${req.uri}.`,
        { status: 400 },
      );
    const source = req.source_address;
    const nonce = credentials.said;
    const known = uses.knows(credentials.nonce, source);
    if (!this.#isGood(nonce) || !(known || isOurs(credentials, await keys.byId(nonce.keyId), source)))
      return { verdict: 'stale' };

    const name = namedBy(credentials, asked.domain);
    const check = (secrets: Parameters<typeof isRight>[2]) => isRight(req.method, credentials, secrets);
    if (name?.aor === undefined || !(await users.isRight(name, check)))
      return { verdict: 'wrong', algorithm: credentials.algorithm };
    const nc = Number.parseInt(credentials.nc, 16);
    if (!uses.use(credentials.nonce, nonce, { nc, now: now(), source })) return { verdict: 'stale' };
    return { verdict: 'proved', aor: name.aor };
  }

  /**
   * Would it be right? Nothing is counted, and no key is looked for: whoever floods us may ask this as fast as he can.
   * @param mayLookUp asked before somebody is looked for who is not remembered
   */
  async wouldBeRight(req: SipRequest, asked: Asked, mayLookUp: () => boolean): Promise<boolean> {
    const { keys, uses, users, now } = this.#parts;
    const credentials = this.#credentialsIn(req, asked);
    if (typeof credentials === 'string' || !isSameTarget(credentials.uri, req.uri)) return false;
    const nonce = credentials.said;
    const source = req.source_address;
    const nc = Number.parseInt(credentials.nc, 16);
    if (!this.#isGood(nonce)) return false;
    if (!uses.isUnused(credentials.nonce, nonce, { nc, now: now(), source })) return false;
    if (!uses.knows(credentials.nonce, source) && !isOurs(credentials, keys.known(nonce.keyId), source))
      return false;
    const name = namedBy(credentials, asked.domain);
    if (name?.aor === undefined) return false;
    return users.isRight(name, (secrets) => isRight(req.method, credentials, secrets), mayLookUp);
  }

  #credentialsIn(req: SipRequest, { realm }: Asked): Credentials | 'asked' | 'stale' {
    const credentials = credentialsFor(realm, header(req, 'Authorization'));
    if (credentials === 'foreign') return 'stale';
    return credentials && this.#parts.algorithms.includes(credentials.algorithm) ? credentials : 'asked';
  }

  /** Not too old. */
  #isGood({ time }: Nonce): boolean {
    const age = this.#parts.now() - time;
    return age <= this.#parts.nonceTime && age >= -AHEAD;
  }
}

/** Made by a node of ours, for this address. */
function isOurs({ nonce }: Credentials, key: NonceKey | undefined, source: string): boolean {
  return key !== undefined && isGenuine(nonce, key) && isFor(nonce, key, source);
}
