import { expect, test } from 'vitest';
import { BoundedMap, BoundedSet } from '../../lib/base/bounded-map.ts';

/** Numbers that look random and are the same each time. */
function* numbers(count: number): Generator<number> {
  let value = 1;
  for (let index = 0; index < count; index++) yield (value = (value * 48_271) % 2_147_483_647);
}

test('a bounded map holds what was set last, however often it was full, emptied and set again', () => {
  const map = new BoundedMap<number, number>(50);
  let model: number[] = [];
  for (const number of numbers(20_000)) {
    const key = number % 80;
    const gone = (number >> 8) % 7 === 0;
    model = model.filter((known) => known !== key);
    if (gone) map.delete(key);
    else {
      map.set(key, number);
      model = [...model, key].slice(-50);
    }
    if (number % 3_001 === 0) {
      map.clear();
      model = [];
    }
    expect([...map.keys()]).toEqual(model);
  }
});

test('a bounded set does the same', () => {
  const set = new BoundedSet<number>(3);
  for (const value of [1, 2, 3, 1, 4, 5, 1]) set.add(value);
  expect([...set]).toEqual([4, 5, 1]);
});
