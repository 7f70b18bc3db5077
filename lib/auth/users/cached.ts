/**
 * Users that were asked for lately, so that a request costs no query but the first one of its user. Who is asked for by several
 * requests at once is looked up once.
 *
 * Who is wrong must not learn who is known here, nor who was here lately. So a wrong password is looked up always, however well its
 * user is remembered, and then no more for a few seconds: as often as the password of somebody whom there is not. What is
 * remembered of those who are wrong stands apart: names that strangers make up push out only each other.
 */
import { BoundedMap, forgetKeys } from '../../base/bounded-map.ts';
import { ownText } from '../../base/own-text.ts';
import { splitAor } from '../../sip/read/uri.ts';
import type { Secrets } from '../digest/verify.ts';
import type { UserName, Users } from './find.ts';

const MOST_USERS = 50_000;
const MOST_WRONG = 10_000;
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

/** Are these the secrets of who asks? It takes the same time for those of nobody. */
type Check = (secrets: Secrets | undefined) => boolean;

export class CachedUsers {
  readonly #users: Users;
  readonly #rules: CacheRules;
  readonly #known = new BoundedMap<string, Known>(MOST_USERS, 'users');
  readonly #wrong = new BoundedMap<string, Known>(MOST_WRONG, 'users-unknown');
  readonly #asked = new Map<string, Promise<Secrets | undefined>>();

  constructor(users: Users, rules: CacheRules) {
    this.#users = users;
    this.#rules = rules;
  }

  readonly any = (): Promise<boolean> => this.#users.any();

  /**
   * @param mayLookUp where given, all that is remembered counts, however old it is, and only by its leave is somebody looked up
   * @throws SiloError 503 when that can't be known now
   */
  async isRight(name: UserName, check: Check, mayLookUp?: () => boolean): Promise<boolean> {
    const key = keyOf(name);
    const life = mayLookUp ? Infinity : this.#rules.life;
    if (check(this.#young(this.#known.get(key), life)?.secrets)) return true;
    const wrong = this.#young(this.#wrong.get(key), Math.min(WRONG_LIFE, this.#rules.life));
    if (wrong) return check(wrong.secrets);
    if (mayLookUp?.() === false) return false;
    const secrets = await this.#lookUp(key, name);
    const right = check(secrets);
    if (right) this.#wrong.delete(key);
    else this.#wrong.set(ownText(key), { secrets, at: this.#rules.now() });
    return right;
  }

  /** Nothing is known of this user any more, nor of who has asked in its name. */
  forget(aor: string): void {
    const { user, host } = splitAor(aor);
    const isIts = (key: string): boolean => {
      const { sent, domain } = nameIn(key);
      const name = sent.toLowerCase();
      return name.startsWith(`${user}@`.toLowerCase()) || (name === user.toLowerCase() && domain === host);
    };
    forgetKeys(this.#known, isIts);
    forgetKeys(this.#wrong, isIts);
  }

  #young(known: Known | undefined, life: number): Known | undefined {
    return known && this.#rules.now() - known.at < life ? known : undefined;
  }

  #lookUp(key: string, name: UserName): Promise<Secrets | undefined> {
    const asked = this.#asked.get(key) ?? this.#ask(key, name);
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(key: string, name: UserName): Promise<Secrets | undefined> {
    try {
      // `#asked` is set before anything else happens.
      await Promise.resolve();
      const secrets = await this.#users.find(name);
      if (secrets) this.#known.set(ownText(key), { secrets, at: this.#rules.now() });
      else this.#known.delete(key);
      return secrets;
    } finally {
      this.#asked.delete(key);
    }
  }
}

/** One text for each name: a domain has no blanks, and where the realm ends is told before it. */
function keyOf({ sent, domain, realm }: UserName): string {
  return `${domain} ${realm.length} ${realm}${sent}`;
}

function nameIn(key: string): Pick<UserName, 'sent' | 'domain'> {
  const [domain = '', length = ''] = key.split(' ', 2);
  return { domain, sent: key.slice(domain.length + length.length + 2 + Number(length)) };
}
