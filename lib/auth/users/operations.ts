/**
 * What an operator can do with the users of the store, in code. Command line and HTTP are doors to these and have no logic of their own. Of a password there is
 * kept what a phone proves itself by, never the password, and nothing here shows either.
 */
import { SiloError } from '../../base/errors.ts';
import { cursorOf, limitOf, placeOf } from '../../base/paging.ts';
import type { Subscriber, UserStore } from '../../stores/contract/users.ts';
import type { FindUser } from './find.ts';
import { namedBy } from './name.ts';
import { subscriberOf } from './subscriber.ts';

/** Characters of a name or a domain, in Kamailio's table and in ours. */
const WIDTH = 64;
/** Characters of a password: more than any phone has room for. */
const LONGEST = 1_024;
const QUESTION = ['users'];

export interface ListedUser {
  /** `bob@example.org` */
  readonly user: string;
  /** By what he can prove himself: `SHA-256`, `MD5`, `a password in the clear`. Empty: by nothing, so he can't log in. */
  readonly proves: readonly string[];
}

export interface UserPage {
  readonly users: readonly ListedUser[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

/** A function is asked for it once it is known that the user may have one. */
export type GivenPassword = string | (() => Promise<string>);

/**
 * A user is named as `bob@example.org`, with or without `sip:`. What is no name or no password is refused with `SILO_USAGE` and status 400, a user who
 * is not there with 404, one who is there already with 409; so is everything where users are not in the store.
 */
export interface UserOperations {
  /** By name. `limit`: 1 to 500, default 50. */
  list(query?: { readonly limit?: number; readonly cursor?: string }): Promise<UserPage>;
  /** Can log in within five seconds. Returns the name as it is kept; so do the others. */
  add(user: string, password: GivenPassword): Promise<string>;
  /** The old password is good for at most the `cacheTime` of each node. */
  setPassword(user: string, password: GivenPassword): Promise<string>;
  /** Devices stay registered until they would register anew, and messages stay. */
  remove(user: string): Promise<string>;
}

export interface UserRules {
  /** The option `users`: where they are. */
  readonly users: string | FindUser;
  /** The option `realm`; '' where each domain is one. */
  readonly realm: string;
}

export function createUserOperations(store: UserStore, { users, realm }: UserRules): UserOperations {
  async function put({ aor }: Name, password: GivenPassword): Promise<string> {
    const given = checked(typeof password === 'string' ? password : await password());
    await store.putSubscriber(subscriberOf(aor, given, realm));
    return aor;
  }

  const isThere = async ({ username, domain }: Name) =>
    (await store.subscriber(username, domain)) !== undefined;

  return {
    list: async ({ limit, cursor } = {}) => {
      refuseElsewhere(users);
      const most = limitOf(limit);
      const [username, domain] = placeOf(QUESTION, cursor, ['', '']) ?? ['', ''];
      const found = await store.subscribers({ username, domain }, most + 1);
      const page = found.slice(0, most);
      const last = found.length > most ? page.at(-1) : undefined;
      return {
        users: page.map((user) => ({ user: `${user.username}@${user.domain}`, proves: provesWith(user) })),
        ...(last ? { next: cursorOf(QUESTION, [last.username, last.domain]) } : {}),
      };
    },

    add: async (user, password) => {
      const name = nameOf(user, users);
      if (await isThere(name))
        throw refused(
          409,
          `${name.aor} is there already: drachtio-silo user passwd gives another password, and so does PUT /api/users/${name.aor}/password.`,
        );
      return put(name, password);
    },

    setPassword: async (user, password) => {
      const name = nameOf(user, users);
      if (!(await isThere(name))) throw noSuchUser(name);
      return put(name, password);
    },

    remove: async (user) => {
      const name = nameOf(user, users);
      if (!(await store.removeSubscriber(name.username, name.domain))) throw noSuchUser(name);
      return name.aor;
    },
  };
}

/** @throws SiloError where they are not in the store */
export function refuseElsewhere(users: UserRules['users']): void {
  if (users === 'store') return;
  const where =
    typeof users === 'function'
      ? 'a function of this program finds users: change them where it looks'
      : `SILO_USERS is ${users}, and users are changed in the store only: edit that file (htdigest writes it), or unset SILO_USERS`;
  throw refused(409, `${where}.`);
}

interface Name {
  readonly username: string;
  readonly domain: string;
  /** `username@domain` */
  readonly aor: string;
}

/** Phones log in without the `sip:` of an address, and what is before an @ is all of a name. */
function nameOf(given: string, users: UserRules['users']): Name {
  refuseElsewhere(users);
  const user = given.replace(/^sips?:/i, '');
  const named = /^[^@\p{Cc}]+@[^@\p{Cc}]+$/u.test(user)
    ? namedBy({ username: user, realm: '' }, '')
    : undefined;
  if (named?.aor === undefined)
    throw refused(
      400,
      `${JSON.stringify(given.slice(0, 200))} is no user: wanted is one such as bob@example.org.`,
    );
  const { username, domain } = named;
  if (Math.max(username.length, domain.length) > WIDTH)
    throw refused(400, `A name and a domain have at most ${WIDTH} characters each.`);
  return { username, domain, aor: `${username}@${domain}` };
}

/** It is in no sentence. */
function checked(password: string): string {
  if (password === '') throw refused(400, 'There is no password: wanted is one of at least a character.');
  if (password.length > LONGEST) throw refused(400, `A password has at most ${LONGEST} characters.`);
  if (/\p{Cc}/u.test(password))
    throw refused(400, 'The password has a control character, which no phone can send.');
  return password;
}

/** Nothing of the secrets. */
function provesWith({ password, ha1, ha1b, ha1Sha256, ha1bSha256 }: Subscriber): readonly string[] {
  return [
    ha1Sha256 + ha1bSha256 === '' ? [] : ['SHA-256'],
    ha1 + ha1b === '' ? [] : ['MD5'],
    password === '' ? [] : ['a password in the clear'],
  ].flat();
}

function noSuchUser({ aor }: Name): SiloError {
  return refused(404, `There is no user ${aor}: drachtio-silo user list shows those that are there.`);
}

function refused(status: number, sentence: string): SiloError {
  return new SiloError('SILO_USAGE', sentence, { status });
}
