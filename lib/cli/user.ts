/** `drachtio-silo user`: the users of the store. What is kept of a password is what a phone proves itself by, never the password. */
import type { Config } from '../config/config.ts';
import { namedBy } from '../auth/users/name.ts';
import { subscriberOf } from '../auth/users/subscriber.ts';
import { epochSeconds } from '../base/clock.ts';
import { SiloError } from '../base/errors.ts';
import type { Store } from '../stores/contract/store.ts';
import type { Subscriber } from '../stores/contract/users.ts';
import { openStore } from '../stores/open.ts';
import { command } from './frame/command.ts';
import { EXIT } from './frame/exit.ts';
import type { Output } from './frame/output.ts';
import { readPassword } from './terminal/password.ts';

/** Users that are read at once. */
const PAGE = 1_000;
/** Characters of a name or a domain, in Kamailio's table and in ours. */
const WIDTH = 64;

const who = { user: { shape: '<user@domain>', says: 'the user, such as bob@example.org' } };
const PASSWORD =
  'The password comes from a prompt, twice and unseen, or is the first line of standard input. It is never an argument: everybody on a machine can read those.';

export const userAdd = command({
  name: 'user add',
  summary: 'a new user of the store',
  about: PASSWORD,
  args: who,
  options: {},
  examples: [
    ['drachtio-silo user add bob@example.org', 'asks for the password'],
    ['drachtio-silo user add bob@example.org < password.txt', 'in a script'],
  ],
  run: async ({ given, out, config }) => {
    await inStore(config(), (store, realm) => put(store, { ...nameOf(given.user), realm, isNew: true }, out));
    return EXIT.done;
  },
});

export const userPasswd = command({
  name: 'user passwd',
  summary: 'another password for a user',
  about: PASSWORD,
  args: who,
  options: {},
  examples: [['drachtio-silo user passwd bob@example.org', 'asks for the new one']],
  run: async ({ given, out, config }) => {
    await inStore(config(), (store, realm) =>
      put(store, { ...nameOf(given.user), realm, isNew: false }, out),
    );
    return EXIT.done;
  },
});

export const userList = command({
  name: 'user list',
  summary: 'all users, and by what they can prove themselves; nothing of the secrets',
  args: {},
  options: {},
  examples: [['drachtio-silo user list --json', 'for a program']],
  run: async ({ out, config }) => {
    await inStore(config(), async (store) => {
      const users = await all(store);
      out.rows(
        users,
        [
          { title: 'user', of: ({ user }) => user, whole: true },
          { title: 'can prove itself by', of: ({ proves }) => proves.join(', ') || 'nothing: cannot log in' },
        ],
        users.length === 0 ? 'There are none: drachtio-silo user add makes one.' : '',
      );
    });
    return EXIT.done;
  },
});

export const userRemove = command({
  name: 'user remove',
  summary: 'a user goes',
  about: 'What is registered stays until it would register anew, and messages stay: person erase takes all.',
  args: who,
  options: {},
  examples: [['drachtio-silo user remove bob@example.org', 'bob can log in no more within a minute']],
  run: async ({ given, out, config }) => {
    await inStore(config(), async (store) => {
      const { username, domain } = nameOf(given.user);
      const aor = `${username}@${domain}`;
      if (!(await store.removeSubscriber(username, domain))) throw noSuchUser(aor);
      out.answer(
        { user: aor, removed: true },
        () => `${aor} was removed. Devices stay registered until they would register anew; messages stay.`,
      );
    });
    return EXIT.done;
  },
});

async function inStore(
  { auth, store: options }: Config,
  work: (store: Store, realm: string) => Promise<void>,
): Promise<void> {
  if (auth.users !== 'store')
    throw new SiloError(
      'SILO_USAGE',
      `SILO_USERS is ${String(auth.users)}, and users are added to the store only: edit that file (htdigest writes it), or unset SILO_USERS.`,
    );
  const store = await openStore(options.url, { ...options, now: epochSeconds });
  try {
    await work(store, auth.realm);
  } finally {
    await store.close();
  }
}

interface Name {
  readonly username: string;
  readonly domain: string;
}

/** Phones log in without the `sip:` of an address, and what is before an @ is all of a name. */
function nameOf(given: string): Name {
  const user = given.replace(/^sips?:/i, '');
  const named = /^[^@]+@[^@]+$/.test(user) ? namedBy({ username: user, realm: '' }, '') : undefined;
  if (named?.aor === undefined)
    throw new SiloError(
      'SILO_USAGE',
      `${JSON.stringify(given)} is no user: wanted is one such as bob@example.org.`,
    );
  const { username, domain } = named;
  if (Math.max(username.length, domain.length) > WIDTH)
    throw new SiloError('SILO_USAGE', `A name and a domain have at most ${WIDTH} characters each.`);
  return { username, domain };
}

async function put(
  store: Store,
  { username, domain, realm, isNew }: Name & { readonly realm: string; readonly isNew: boolean },
  out: Output,
): Promise<void> {
  const aor = `${username}@${domain}`;
  const there = (await store.subscriber(username, domain)) !== undefined;
  if (isNew && there)
    throw new SiloError(
      'SILO_USAGE',
      `${aor} is there already: drachtio-silo user passwd gives another password.`,
    );
  if (!isNew && !there) throw noSuchUser(aor);
  await store.putSubscriber(subscriberOf(aor, await readPassword(aor), realm));
  out.answer({ user: aor, added: isNew }, () =>
    isNew
      ? `${aor} was added, and can log in within five seconds.`
      : `${aor} has another password: it is good within five seconds, and the old one at most SILO_AUTH_CACHE_TIME more.`,
  );
}

interface Proving {
  readonly user: string;
  readonly proves: readonly string[];
}

async function all(store: Store): Promise<readonly Proving[]> {
  const found: Proving[] = [];
  let after: Name = { username: '', domain: '' };
  for (let page: readonly Subscriber[]; ; after = page.at(-1) ?? after) {
    page = await store.subscribers(after, PAGE);
    for (const user of page)
      found.push({ user: `${user.username}@${user.domain}`, proves: provesWith(user) });
    if (page.length < PAGE) return found;
  }
}

/** By what the user may prove himself: nothing of the secrets. */
function provesWith({ password, ha1, ha1b, ha1Sha256, ha1bSha256 }: Subscriber): readonly string[] {
  return [
    ha1Sha256 + ha1bSha256 === '' ? [] : ['SHA-256'],
    ha1 + ha1b === '' ? [] : ['MD5'],
    password === '' ? [] : ['a password in the clear'],
  ].flat();
}

function noSuchUser(aor: string): SiloError {
  return new SiloError(
    'SILO_USAGE',
    `There is no user ${aor}: drachtio-silo user list shows those that are there.`,
  );
}
