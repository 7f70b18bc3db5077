/** `drachtio-silo user`: the users of the store. What is kept of a password is what a phone proves itself by, never the password. */
import type { Config } from '../config/config.ts';
import { namedBy } from '../auth/users/name.ts';
import { subscriberOf } from '../auth/users/subscriber.ts';
import { epochSeconds } from '../base/clock.ts';
import { SiloError } from '../base/errors.ts';
import type { Store } from '../stores/contract/store.ts';
import type { Subscriber } from '../stores/contract/users.ts';
import { openStore } from '../stores/open.ts';
import type { UserArguments } from './arguments.ts';
import { readPassword } from './password.ts';

/** Users that are read at once. */
const PAGE = 1_000;
/** Characters of a name or a domain, in Kamailio's table and in ours. */
const WIDTH = 64;

/** @throws SiloError with a sentence; then nothing was changed */
export async function userCommand({ action, user }: UserArguments, config: Config): Promise<void> {
  const { users, realm } = config.auth;
  if (users !== 'store')
    throw new SiloError(
      'SILO_USAGE',
      `SILO_USERS is ${String(users)}, and users are added to the store only: edit that file (htdigest writes it), or unset SILO_USERS.`,
    );
  const name = action === 'list' ? { username: '', domain: '' } : nameOf(user);
  const store = await openStore(config.store.url, { ...config.store, now: epochSeconds });
  try {
    switch (action) {
      case 'list':
        await list(store);
        break;
      case 'remove':
        await remove(store, name);
        break;
      case 'add':
      case 'passwd':
        await put(store, { ...name, realm, isNew: action === 'add' });
        break;
    }
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
  console.log(
    isNew
      ? `${aor} was added, and can log in within five seconds.`
      : `${aor} has another password: it is good within five seconds, and the old one at most SILO_AUTH_CACHE_TIME more.`,
  );
}

async function remove(store: Store, { username, domain }: Name): Promise<void> {
  const aor = `${username}@${domain}`;
  if (!(await store.removeSubscriber(username, domain))) throw noSuchUser(aor);
  console.log(`${aor} was removed. Devices stay registered until they would register anew; messages stay.`);
}

async function list(store: Store): Promise<void> {
  let after: Name = { username: '', domain: '' };
  for (let page: readonly Subscriber[]; ; after = page.at(-1) ?? after) {
    page = await store.subscribers(after, PAGE);
    for (const user of page) console.log(`${user.username}@${user.domain}  ${provesWith(user)}`);
    if (page.length < PAGE) return;
  }
}

/** By what the user may prove himself: nothing of the secrets. */
function provesWith({ password, ha1, ha1b, ha1Sha256, ha1bSha256 }: Subscriber): string {
  const known = [
    ha1Sha256 + ha1bSha256 === '' ? [] : ['SHA-256'],
    ha1 + ha1b === '' ? [] : ['MD5'],
    password === '' ? [] : ['a password in the clear'],
  ].flat();
  return known.length === 0 ? 'nothing: cannot log in' : known.join(', ');
}

function noSuchUser(aor: string): SiloError {
  return new SiloError(
    'SILO_USAGE',
    `There is no user ${aor}: drachtio-silo user list shows those that are there.`,
  );
}
