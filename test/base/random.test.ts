import { expect, test } from 'vitest';
import { randomHex } from '../../lib/base/random.ts';

test('random names are as long as asked for and never come twice, also where the pool is filled anew', () => {
  const names = Array.from({ length: 5_000 }, () => randomHex(16));
  expect(names.every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true);
  expect(new Set(names).size).toBe(names.length);
  const digits = names.join('');
  for (const digit of '0123456789abcdef') expect(digits.split(digit).length).toBeGreaterThan(9_000);
});
