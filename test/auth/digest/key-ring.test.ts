import { expect, test } from 'vitest';
import { KeyRing } from '../../../lib/auth/digest/key-ring.ts';
import type { StoredNonceKey } from '../../../lib/stores/contract/users.ts';

test('a key that nobody knows is not waited for while the store hangs: who has made it up is asked anew', async () => {
  const known: StoredNonceKey = { id: 1, secret: '00'.repeat(32), made: 1_000 };
  let answers = true;
  const ring = new KeyRing(
    {
      nonceKeys: () => (answers ? Promise.resolve([known]) : new Promise(() => undefined)),
      addNonceKey: () => Promise.resolve(),
      forgetNonceKeys: () => Promise.resolve(),
    },
    { now: () => 1_000, rotate: 100, keep: 200 },
  );
  await ring.newest();
  answers = false;
  const begun = performance.now();
  expect(await Promise.all([ring.byId(7), ring.byId(8)])).toEqual([undefined, undefined]);
  expect((await ring.byId(1))?.id).toBe(1);
  expect(performance.now() - begun).toBeLessThan(3_000);
}, 10_000);
