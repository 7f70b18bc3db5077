/**
 * Users that were asked for lately, and names that nobody has: so that a request costs no query but the first one of its user. Who is
 * asked for by several requests at once is looked up once. Names that strangers make up push out only each other.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Secrets } from '../digest/verify.ts';
import type { UserName, Users } from './find.ts';

const MOST_USERS = 50_000;
const MOST_OTHERS = 10_000;
/** Seconds for which it is believed that somebody is wrong: a new user has tried before, an old one has a new password. */
const WRONG_LIFE = 5;

interface Known {
  readonly secrets: Secrets | undefined;
  /** When it was looked up, epoch seconds. */
  readonly at: number;
}

export interface CacheRules {
  /** Seconds for which a user is remembered. */
  readonly life: number;
  readonly now: () => number;
}

export class CachedUsers implements Users {
  readonly #users: Users;
  readonly #rules: CacheRules;
  readonly #known = new BoundedMap<string, Known>(MOST_USERS);
  readonly #unknown = new BoundedMap<string, Known>(MOST_OTHERS);
  readonly #asked = new Map<string, Promise<Secrets | undefined>>();

  constructor(users: Users, rules: CacheRules) {
    this.#users = users;
    this.#rules = rules;
  }

  readonly any = (): Promise<boolean> => this.#users.any();

  readonly find = (name: UserName): Promise<Secrets | undefined> => this.#find(name, this.#rules.life);

  /** After what `find` has said was of no use: not older than a few seconds. The same work for users and for others. */
  readonly findAgain = (name: UserName): Promise<Secrets | undefined> => this.#find(name, WRONG_LIFE);

  async #find(name: UserName, life: number): Promise<Secrets | undefined> {
    const key = JSON.stringify([name.sent, name.domain, name.realm]);
    const known = this.#known.get(key) ?? this.#unknown.get(key);
    if (known && this.#rules.now() - known.at < Math.min(life, this.#rules.life)) return known.secrets;
    const asked = this.#asked.get(key) ?? this.#ask(key, name);
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(key: string, name: UserName): Promise<Secrets | undefined> {
    try {
      // `#asked` is set before anything else happens.
      await Promise.resolve();
      const secrets = await this.#users.find(name);
      this.#known.delete(key);
      this.#unknown.delete(key);
      (secrets ? this.#known : this.#unknown).set(key, { secrets, at: this.#rules.now() });
      return secrets;
    } finally {
      this.#asked.delete(key);
    }
  }
}
