/** The one order in which keys are locked is that of the database: text by its bytes, numbers by their value. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inOrder } from '../../../lib/stores/mysql/link/locks.ts';

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('text is in the order of its bytes, each once, also beyond U+FFFF', () => {
  expect(inOrder(['\u{1f600}', '\uff5e', 'b', 'a', 'b'])).toEqual(['a', 'b', '\uff5e', '\u{1f600}']);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 4 })), (keys) => {
      expect(inOrder(keys)).toEqual([...new Set(keys)].sort(byBytes));
    }),
  );
});

test('numbers are in the order of their values, and keys of several columns by the first that differs', () => {
  expect(inOrder([10, 9, 100, 9])).toEqual([9, 10, 100]);
  const pairs: [string, string][] = [
    ['b', 'a'],
    ['a', 'c'],
    ['a', 'b'],
    ['a', 'c'],
  ];
  expect(inOrder(pairs)).toEqual([
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'a'],
  ]);
});
