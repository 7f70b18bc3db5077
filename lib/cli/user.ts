/** `drachtio-silo user`: the users of the store. What is kept of a password is what a phone proves itself by, never the password. */
import type { Config } from '../config/config.ts';
import {
  createUserOperations,
  refuseElsewhere,
  type ListedUser,
  type UserOperations,
} from '../auth/users/operations.ts';
import { epochSeconds } from '../base/clock.ts';
import { openStore } from '../stores/open.ts';
import { command } from './frame/command.ts';
import { EXIT } from './frame/exit.ts';
import { readPassword } from './terminal/password.ts';

/** Users that are read at once. */
const PAGE = 500;

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
    const user = await withUsers(config(), (users) => users.add(given.user, () => readPassword(given.user)));
    out.answer({ user, added: true }, () => `${user} was added, and can log in within five seconds.`);
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
    const user = await withUsers(config(), (users) =>
      users.setPassword(given.user, () => readPassword(given.user)),
    );
    out.answer(
      { user, added: false },
      () =>
        `${user} has another password: it is good within five seconds, and the old one at most SILO_AUTH_CACHE_TIME more.`,
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
    const users = await withUsers(config(), all);
    out.rows(
      users,
      [
        { title: 'user', of: ({ user }) => user, whole: true },
        { title: 'can prove itself by', of: ({ proves }) => proves.join(', ') || 'nothing: cannot log in' },
      ],
      users.length === 0 ? 'There are none: drachtio-silo user add makes one.' : '',
    );
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
    const user = await withUsers(config(), (users) => users.remove(given.user));
    out.answer(
      { user, removed: true },
      () => `${user} was removed. Devices stay registered until they would register anew; messages stay.`,
    );
    return EXIT.done;
  },
});

/** @throws SiloError where users are not in the store, before that is opened */
async function withUsers<T>(
  { auth, store: options }: Config,
  work: (users: UserOperations) => Promise<T>,
): Promise<T> {
  refuseElsewhere(auth.users);
  const store = await openStore(options.url, { ...options, now: epochSeconds });
  try {
    return await work(createUserOperations(store, auth));
  } finally {
    await store.close();
  }
}

async function all(operations: UserOperations): Promise<readonly ListedUser[]> {
  const found: ListedUser[] = [];
  let cursor: string | undefined;
  do {
    const page = await operations.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.users);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}
