/** The order of what programs send to one box. */
import { describe, expect, test } from 'vitest';
import { Turns } from '../../../lib/silo/submit/turns.ts';

/** Work that ends when it is told to. */
function held() {
  const ends: (() => void)[] = [];
  const began: number[] = [];
  return {
    began,
    work: (n: number) => () => {
      began.push(n);
      return new Promise<number>((resolve) => ends.push(() => resolve(n)));
    },
    end: async () => {
      ends.shift()?.();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
}

describe('turns', () => {
  test('one box is served one after another, whatever becomes of those before, and others meanwhile', async () => {
    const turns = new Turns();
    const { began, work, end } = held();
    const all = [
      turns.take('bob', work(1)),
      turns.take('bob', () => Promise.reject(new Error('refused'))),
      turns.take('bob', work(2)),
      turns.take('carol', work(3)),
    ];
    expect(began).toEqual([1, 3]);
    await end();
    await expect(all[1]).rejects.toThrow('refused');
    await Promise.resolve();
    expect(began).toEqual([1, 3, 2]);
    await end();
    await end();
    expect((await Promise.allSettled(all)).map(({ status }) => status === 'fulfilled')).toEqual([
      ...[true, false, true, true],
    ]);
  });

  test('too many for one box are refused until some are done', async () => {
    const turns = new Turns();
    const { work, end } = held();
    const waiting = Array.from({ length: 1_000 }, (_, n) => turns.take('bob', work(n)));
    await expect(turns.take('bob', work(0))).rejects.toMatchObject({ status: 503, retryAfter: 5 });
    const other = turns.take('carol', work(0));
    for (let n = 0; n < 1_001; n++) await end();
    await Promise.all([...waiting, other]);
    const again = turns.take('bob', work(7));
    await end();
    expect(await again).toBe(7);
  });
});
