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
  const users = new CachedUsers(openUsers(find, store), { life: 10, now: () => clock.now });
  await store.close();
  return { users, clock };
}

test('users, and names that nobody has, are remembered for their time', async () => {
  const asked: string[] = [];
  const { users, clock } = await cached((user) => {
    asked.push(user);
    return user === 'bob' ? { password: 'x' } : undefined;
  });
  for (let time = 0; time < 3; time++) {
    expect(await users.find(name('bob'))).toEqual({ password: 'x' });
    expect(await users.find(name('nobody'))).toBeUndefined();
  }
  expect(asked).toEqual(['bob', 'nobody']);
  clock.now += 10;
  await users.find(name('bob'));
  expect(asked).toEqual(['bob', 'nobody', 'bob']);
});

test('what was of no use is looked up again after five seconds, not after the minute of a user', async () => {
  const passwords = new Map([['carol', 'old']]);
  const asked: string[] = [];
  const { users, clock } = await cached((user) => {
    asked.push(user);
    const password = passwords.get(user);
    return password === undefined ? undefined : { password };
  });
  expect(await users.find(name('bob'))).toBeUndefined();
  expect(await users.find(name('carol'))).toEqual({ password: 'old' });
  for (const user of ['bob', 'carol']) passwords.set(user, 'new');
  clock.now += 4;
  expect(await users.findAgain(name('bob'))).toBeUndefined();
  expect(await users.findAgain(name('carol'))).toEqual({ password: 'old' });
  expect(asked).toEqual(['bob', 'carol']);
  clock.now += 1;
  for (const user of ['bob', 'carol']) expect(await users.findAgain(name(user))).toEqual({ password: 'new' });
  expect(await users.find(name('carol'))).toEqual({ password: 'new' });
  expect(asked).toEqual(['bob', 'carol', 'bob', 'carol']);
});

test('who is asked for by many at once is looked up once', async () => {
  let asked = 0;
  const { users } = await cached(async () => {
    asked++;
    await new Promise(setImmediate);
    return { password: 'x' };
  });
  await Promise.all(Array.from({ length: 50 }, () => users.find(name('bob'))));
  expect(asked).toBe(1);
});

test('names that strangers make up push no user out', async () => {
  let asked = 0;
  const { users } = await cached((user) => {
    if (user !== 'bob') return undefined;
    asked++;
    return { password: 'x' };
  });
  await users.find(name('bob'));
  for (let nth = 0; nth < 60_000; nth++) await users.find(name(`stranger-${nth}`));
  await users.find(name('bob'));
  expect(asked).toBe(1);
});

test('a look-up that fails is a 503 that is not remembered', async () => {
  let fails = true;
  const { users } = await cached(() => {
    if (fails) throw new Error('LDAP is away');
    return { password: 'x' };
  });
  await expect(users.find(name('bob'))).rejects.toMatchObject({ status: 503, retryAfter: 10 });
  fails = false;
  expect(await users.find(name('bob'))).toEqual({ password: 'x' });
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
