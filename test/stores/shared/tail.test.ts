/** Following a table whose rows may become visible out of order. */
import { describe, expect, test } from 'vitest';
import { createTail } from '../../../lib/stores/shared/tail.ts';

interface Row {
  readonly id: number;
}

/** A table of ids, a clock, and what was read of it. */
function following(...rows: readonly number[]) {
  const table = new Set(rows);
  const reads: { readonly after: number; readonly limit: number; readonly rows: number }[] = [];
  let time = 0;
  const tail = createTail<Row>(
    (after, limit) => {
      const found = [...table].filter((id) => id > after).sort((one, other) => one - other);
      const page = found.slice(0, limit).map((id) => ({ id }));
      reads.push({ after, limit, rows: page.length });
      return Promise.resolve(page);
    },
    'test-tail',
    () => time,
  );
  const look = async () => {
    const seen: number[] = [];
    reads.length = 0;
    await tail.look((fresh) => void seen.push(...fresh.map(({ id }) => id)));
    return seen;
  };
  return { table, tail, look, reads, pass: (ms: number) => (time += ms) };
}

describe('a tail', () => {
  test('hands on each row once, in the order of their ids', async () => {
    const { table, look } = following(1, 2, 3);
    expect(await look()).toEqual([1, 2, 3]);
    expect(await look()).toEqual([]);
    table.add(5).add(4);
    expect(await look()).toEqual([4, 5]);
  });

  test('begins behind its mark', async () => {
    const { tail, look } = following(1, 2, 3);
    tail.start(2);
    expect(await look()).toEqual([3]);
  });

  test('goes through as many pages as there are', async () => {
    const { look } = following(...Array.from({ length: 2_500 }, (_, index) => index + 1));
    expect(await look()).toHaveLength(2_500);
  });

  test('sees a row that becomes visible after higher ones', async () => {
    const { table, look, pass } = following(1, 2, 7);
    expect(await look()).toEqual([1, 2, 7]);
    table.add(4);
    pass(9_000);
    expect(await look()).toEqual([4]);
    table.add(3).add(6);
    expect(await look()).toEqual([3, 6]);
    expect(await look()).toEqual([]);
  });

  test('does not look for ever for what is missing', async () => {
    const { table, look, reads, pass } = following(1, 5);
    await look();
    pass(10_001);
    table.add(3);
    expect(await look()).toEqual([]);
    expect(reads).toEqual([{ after: 5, limit: 1_000, rows: 0 }]);
  });

  test('reads no row again, and none that is known', async () => {
    const { table, tail, look, reads } = following(1, 2, 3);
    await look();
    for (let id = 4; id <= 2_000; id++) {
      table.add(id);
      tail.known(id);
    }
    table.add(2_001);
    expect(await look()).toEqual([2_001]);
    expect(reads).toEqual([{ after: 2_000, limit: 1_000, rows: 1 }]);
  });

  test('asks only for what is missing between known rows, whichever becomes known first', async () => {
    const { table, tail, look, reads } = following();
    for (const id of [10, 2, 1, 7, 8, 9]) tail.known(id);
    for (const id of [1, 2, 4, 7, 8, 9, 10]) table.add(id);
    expect(await look()).toEqual([4]);
    expect(reads.map(({ after, limit }) => [after, limit])).toEqual([
      [2, 4],
      [10, 1_000],
    ]);
  });

  test('of a database that counts in threes hands on each row once, too', async () => {
    const { table, tail, look, reads } = following();
    for (let id = 1; id <= 3_000; id += 3) {
      table.add(id);
      tail.known(id);
      table.add(id + 1);
    }
    const seen = await look();
    expect(seen).toHaveLength(1_000);
    expect(seen.every((id) => id % 3 === 2)).toBe(true);
    expect(reads.length).toBeLessThan(10);
    expect(await look()).toEqual([]);
  });

  test('hands on again what could not be done', async () => {
    const { tail, look } = following(1, 2);
    await expect(tail.look(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await look()).toEqual([1, 2]);
  });

  test('forgets early what is missing when too much is, and goes on', async () => {
    const { table, tail, look } = following();
    for (let id = 2; id <= 240_000; id += 2) tail.known(id);
    table.add(239_999).add(240_001);
    expect(await look()).toEqual([239_999, 240_001]);
  });
});
