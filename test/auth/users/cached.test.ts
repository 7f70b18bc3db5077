import { expect, test } from 'vitest';
import { CachedUsers } from '../../../lib/auth/users/cached.ts';
import { namedBy } from '../../../lib/auth/users/name.ts';
import type { FindUser } from '../../../lib/auth/users/find.ts';
import { openUsers } from '../../../lib/auth/users/users.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { openStore } from '../../../lib/stores/open.ts';

const name = (sent: string) => namedBy({ username: sent, realm: 'example.org' }, 'example.org')!;

async function cached(find: FindUser) {
  const clock = { now: 1_000 };
  const store: Store = await openStore('sqlite::memory:');
  const users = new CachedUsers(openUsers(find, store, { realm: '', domains: [] }), {
    life: 10,
    now: () => clock.now,
  });
  await store.close();
  return { users, clock };
}

/** Is this the password that is kept? */
const ask = (users: CachedUsers, user: string, password: string, mayLookUp?: () => boolean) =>
  users.isRight(name(user), (secrets) => secrets?.password === password, mayLookUp);

/** Users, with what was asked for. */
async function counted(passwords: Map<string, string>) {
  const asked: string[] = [];
  const made = await cached((user) => {
    asked.push(user);
    const password = passwords.get(user);
    return password === undefined ? undefined : { password };
  });
  return { ...made, asked };
}

test('a user whose password is right is looked up once in its time', async () => {
  const { users, clock, asked } = await counted(new Map([['bob', 'x']]));
  for (let time = 0; time < 3; time++) expect(await ask(users, 'bob', 'x')).toBe(true);
  expect(asked).toEqual(['bob']);
  clock.now += 10;
  expect(await ask(users, 'bob', 'x')).toBe(true);
  expect(asked).toEqual(['bob', 'bob']);
});

test('whoever is wrong is looked up as often as somebody whom there is not, whenever the user was here', async () => {
  const { users, clock, asked } = await counted(
    new Map(['here', 'earlier', 'never'].map((user) => [user, 'x'])),
  );
  expect(await ask(users, 'earlier', 'x')).toBe(true);
  clock.now += 7;
  expect(await ask(users, 'here', 'x')).toBe(true);
  asked.length = 0;
  const counts = async () => {
    const all: number[] = [];
    for (const user of ['here', 'earlier', 'never', 'nobody']) {
      const before = asked.length;
      expect(await ask(users, user, 'guessed')).toBe(false);
      all.push(asked.length - before);
    }
    return all;
  };
  const each: number[][] = [];
  for (const later of [0, 0, 1, 4, 0, 10]) {
    clock.now += later;
    // The honest one comes between, and changes nothing for those who guess.
    expect(await ask(users, 'here', 'x')).toBe(true);
    asked.length = 0;
    each.push(await counts());
  }
  expect(each).toEqual([1, 0, 0, 1, 0, 1].map((count) => [count, count, count, count]));
});

test('who is wrong is looked up again after five seconds: a new user has tried before, an old one has a new password', async () => {
  const passwords = new Map([['carol', 'old']]);
  const { users, clock, asked } = await counted(passwords);
  for (const user of ['bob', 'carol']) expect(await ask(users, user, 'new')).toBe(false);
  for (const user of ['bob', 'carol']) passwords.set(user, 'new');
  clock.now += 4;
  for (const user of ['bob', 'carol']) expect(await ask(users, user, 'new')).toBe(false);
  expect(await ask(users, 'carol', 'old')).toBe(true);
  expect(asked).toEqual(['bob', 'carol']);
  clock.now += 1;
  for (const user of ['bob', 'carol']) expect(await ask(users, user, 'new')).toBe(true);
  expect(await ask(users, 'carol', 'old')).toBe(false);
  expect(asked).toEqual(['bob', 'carol', 'bob', 'carol', 'carol']);
});

test('who may not be looked up is known by what is remembered, however old', async () => {
  const { users, clock, asked } = await counted(new Map(['bob', 'carol'].map((user) => [user, 'x'])));
  expect(await ask(users, 'bob', 'x')).toBe(true);
  clock.now += 1_000;
  for (const [user, password, right] of [
    ['bob', 'x', true],
    ['bob', 'y', false],
    ['carol', 'x', false],
    ['nobody', 'x', false],
  ] as const)
    expect(await ask(users, user, password, () => false)).toBe(right);
  expect(asked).toEqual(['bob']);
  expect(await ask(users, 'carol', 'x', () => true)).toBe(true);
});

test('who is asked for by many at once is looked up once', async () => {
  let asked = 0;
  const { users } = await cached(async () => {
    asked++;
    await new Promise(setImmediate);
    return { password: 'x' };
  });
  await Promise.all(Array.from({ length: 50 }, () => ask(users, 'bob', 'x')));
  expect(asked).toBe(1);
});

test('names that strangers make up push no user out', async () => {
  const { users, asked } = await counted(new Map([['bob', 'x']]));
  expect(await ask(users, 'bob', 'x')).toBe(true);
  for (let nth = 0; nth < 60_000; nth++) await ask(users, `stranger-${nth}`, 'x');
  expect(await ask(users, 'bob', 'x')).toBe(true);
  expect(asked.filter((user) => user === 'bob')).toEqual(['bob']);
});

test('a look-up that fails is a 503 that is not remembered', async () => {
  let fails = true;
  const { users } = await cached(() => {
    if (fails) throw new Error('LDAP is away');
    return { password: 'x' };
  });
  await expect(ask(users, 'bob', 'x')).rejects.toMatchObject({ status: 503, retryAfter: 10 });
  fails = false;
  expect(await ask(users, 'bob', 'x')).toBe(true);
});

test('a user name may have its domain, and nothing that no address has', () => {
  expect(name('bob')).toMatchObject({ username: 'bob', domain: 'example.org', aor: 'bob@example.org' });
  expect(name('bob@EXAMPLE.com')).toMatchObject({
    username: 'bob',
    domain: 'example.com',
    aor: 'bob@example.com',
  });
  expect(name('b ob').aor).toBe('b%20ob@example.org');
  for (const sent of ['', '@example.org', 'bob@', 'bob@exa mple'])
    expect(namedBy({ username: sent, realm: 'r' }, 'example.org')).toBeUndefined();
});

test('a user who is forgotten is looked up anew, under each name that he has sent, and nobody else is', async () => {
  const { users, asked } = await counted(new Map(['bob', 'BOB', 'rob'].map((user) => [user, 'x'])));
  const all = ['bob', 'BOB', 'bob@example.org', 'rob'];
  const askAll = async () => {
    for (const user of all) expect(await ask(users, user, 'x')).toBe(true);
  };
  await askAll();
  asked.length = 0;
  users.forget('bob@example.org');
  await askAll();
  expect(asked).toEqual(['bob', 'BOB', 'bob']);
});
