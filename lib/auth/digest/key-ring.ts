/**
 * The keys with which nonces are signed. All nodes have them from one table: the newest key makes nonces, and those before it
 * are good for a while longer.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { UserStore } from '../../stores/contract/users.ts';
import type { NonceKey } from './nonce.ts';

const log = logger('auth');
/** Seconds between two looks at the table for a key that nobody here knows: strangers can write any number into a nonce. */
const LOOK = 1;
/** Milliseconds for which such a look is waited for. */
const PATIENCE = 500;
/** Seconds until a rotation that has failed is tried again. */
const AGAIN = 10;

export interface KeyRules {
  readonly now: () => number;
  /** Seconds for which a key makes nonces. */
  readonly rotate: number;
  /** Seconds after which it is forgotten. */
  readonly keep: number;
}

type KeyStore = Pick<UserStore, 'nonceKeys' | 'addNonceKey' | 'forgetNonceKeys'>;

export class KeyRing {
  readonly #store: KeyStore;
  readonly #rules: KeyRules;
  #keys: readonly NonceKey[] = [];
  #looked = -Infinity;
  #look: Promise<void> | undefined;
  #rotation: Promise<void> | undefined;
  #rotated = -Infinity;

  constructor(store: KeyStore, rules: KeyRules) {
    this.#store = store;
    this.#rules = rules;
  }

  /** The key for new nonces. Only the first one is waited for. */
  async newest(): Promise<NonceKey> {
    const newest = this.#keys.at(-1);
    const { now, rotate } = this.#rules;
    if (newest && now() - newest.made < rotate) return newest;
    if (!newest) {
      await this.#rotate();
      const first = this.#keys.at(-1);
      if (!first) throw new Error('the key that was just written is not there');
      return first;
    }
    if (now() - this.#rotated >= AGAIN) {
      this.#rotated = now();
      this.#rotate().catch((error: unknown) =>
        log.warn(`the key for nonces is still the old one: ${textOf(error)}`),
      );
    }
    return newest;
  }

  /** The key of a nonce; undefined when there is none, or none can be read now. */
  async byId(id: number): Promise<NonceKey | undefined> {
    const known = this.known(id);
    if (known) return known;
    const time = this.#rules.now();
    if (!this.#look && time - this.#looked >= LOOK) {
      this.#looked = time;
      this.#look = this.#read()
        .catch((error: unknown) => log.debug(`the keys can't be read: ${textOf(error)}`))
        .finally(() => (this.#look = undefined));
    }
    // Whoever writes numbers into nonces is asked anew also while the database hangs: none of it waits here.
    await Promise.race([this.#look, sleep(PATIENCE, undefined, { ref: false })]);
    return this.known(id);
  }

  /** The key of a nonce when it is in memory. */
  known(id: number): NonceKey | undefined {
    return this.#keys.find((key) => key.id === id && this.#isKept(key));
  }

  #isKept({ made }: NonceKey): boolean {
    return this.#rules.now() - made < this.#rules.keep;
  }

  /** Another node may have made a new one already. */
  #rotate(): Promise<void> {
    this.#rotation ??= (async () => {
      const { now, rotate, keep } = this.#rules;
      await this.#read();
      const newest = this.#keys.at(-1);
      if (newest && now() - newest.made < rotate) return;
      await this.#store.addNonceKey({ secret: randomBytes(32).toString('hex'), made: now() });
      await this.#store.forgetNonceKeys(now() - keep);
      await this.#read();
    })().finally(() => (this.#rotation = undefined));
    return this.#rotation;
  }

  async #read(): Promise<void> {
    const keys = await this.#store.nonceKeys();
    this.#keys = keys.map(({ id, secret, made }) => ({ id, secret: Buffer.from(secret, 'hex'), made }));
  }
}
