import { describe, expect, test } from 'vitest';
import { BoundedMap, BoundedSet } from '../../lib/base/bounded-map.ts';
import { memories } from '../../lib/base/memories.ts';

const found = (name: string) => memories().find((memory) => memory.name === name);

describe('memories with a name', () => {
  test('say how full they are, those of one name together', () => {
    const one = new BoundedMap<number, string>(2, 'test-pairs');
    const other = new BoundedSet<number>(3, 'test-pairs');
    for (const n of [1, 2, 3]) {
      one.set(n, 'x');
      other.add(n);
    }
    expect(found('test-pairs')).toEqual({ name: 'test-pairs', entries: 5, most: 5 });
    one.clear();
    expect(found('test-pairs')).toEqual({ name: 'test-pairs', entries: 3, most: 5 });
    // They are held weakly: here they are still in use.
    expect([one.size, other.size]).toEqual([0, 3]);
  });

  test('without a name are in no list', () => {
    const before = memories().length;
    expect(new BoundedMap(2).size).toBe(0);
    expect(memories()).toHaveLength(before);
  });
});
