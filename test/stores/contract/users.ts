/** The suite that every store's users pass. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../../lib/stores/contract/store.ts';
import type { Subscriber } from '../../../lib/stores/contract/users.ts';
import type { StoreUnderTest } from './messages.ts';

export function aSubscriber(username: string, over: Partial<Subscriber> = {}): Subscriber {
  return {
    ...{ username, domain: 'example.org', password: '' },
    ...{ ha1: '1'.repeat(32), ha1b: '2'.repeat(32), ha1Sha256: '3'.repeat(64), ha1bSha256: '4'.repeat(64) },
    ...over,
  };
}

export function userConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  beforeAll(async () => {
    under = await create();
    store = await under.open(() => 1000);
  });
  afterAll(async () => {
    await store.close();
    await under.remove();
  });

  describe('users', () => {
    test('there are none until one is added, and that one is found by user and domain', async () => {
      expect(await store.hasSubscriber()).toBe(false);
      await store.putSubscriber(aSubscriber('bob'));
      expect(await store.hasSubscriber()).toBe(true);
      expect(await store.subscriber('bob', 'example.org')).toEqual(aSubscriber('bob'));
      for (const [user, domain] of [
        ['bob', 'example.com'],
        ['Bob', 'example.org'],
        ['bob ', 'example.org'],
        ['', ''],
      ] as const)
        expect(await store.subscriber(user, domain)).toBeUndefined();
    });

    test('one that is put again has the new secrets', async () => {
      await store.putSubscriber(aSubscriber('carol', { password: 'clear' }));
      await store.putSubscriber(aSubscriber('carol', { ha1: '9'.repeat(32) }));
      expect(await store.subscriber('carol', 'example.org')).toEqual(
        aSubscriber('carol', { ha1: '9'.repeat(32) }),
      );
    });

    test('they are listed in pages, in the order of their names', async () => {
      await store.putSubscriber(aSubscriber('bob', { domain: 'example.com' }));
      const first = await store.subscribers({ username: '', domain: '' }, 2);
      expect(first.map(({ username, domain }) => `${username}@${domain}`)).toEqual([
        'bob@example.com',
        'bob@example.org',
      ]);
      expect(await store.subscribers(first[1]!, 2)).toMatchObject([{ username: 'carol' }]);
    });

    test('a removed one is gone, and can be removed once', async () => {
      expect(await store.removeSubscriber('carol', 'example.org')).toBe(true);
      expect(await store.removeSubscriber('carol', 'example.org')).toBe(false);
      expect(await store.subscriber('carol', 'example.org')).toBeUndefined();
    });

    test('what the tools of Kamailio insert is read, its SHA-256 in ha1 too', async () => {
      await under.sql(
        `insert into subscriber (username, domain, password, ha1, ha1b)
           values ('dave', 'example.org', 'clear', '${'A'.repeat(64)}', '${'b'.repeat(32)}')`,
      );
      expect(await store.subscriber('dave', 'example.org')).toEqual({
        ...{ username: 'dave', domain: 'example.org', password: 'clear' },
        ...{ ha1: '', ha1b: 'b'.repeat(32), ha1Sha256: 'A'.repeat(64), ha1bSha256: '' },
      });
    });
  });

  test('keys for nonces are shared, the oldest first, and forgotten', async () => {
    expect(await store.nonceKeys()).toEqual([]);
    for (const made of [200, 100]) await store.addNonceKey({ secret: `${made}`.padStart(64, '0'), made });
    const other = await under.open(() => 1000);
    const keys = await other.nonceKeys();
    await other.close();
    expect(keys).toMatchObject([{ made: 100 }, { made: 200, secret: '200'.padStart(64, '0') }]);
    await store.forgetNonceKeys(150);
    expect(await store.nonceKeys()).toEqual([keys[1]]);
  });
}
