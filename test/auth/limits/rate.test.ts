import { beforeEach, describe, expect, test } from 'vitest';
import { MOST_KEYS, Rate } from '../../../lib/auth/limits/rate.ts';

let time: number;
const now = () => time;
beforeEach(() => (time = 5_000));

/** How many may be taken at this moment. */
function taken(rate: Rate, key = 'a', share = 1): number {
  let count = 0;
  while (count < 10_000 && rate.take(key, 1, share) === 0) count++;
  return count;
}

describe('a rate', () => {
  test('lets a burst pass at once, then as many a second as it says, for ever', () => {
    const rate = new Rate({ perSecond: 10, burst: 50 }, now);
    expect(taken(rate)).toBe(50);
    for (let second = 0; second < 100; second++) {
      time += 1_000;
      expect(taken(rate)).toBe(10);
    }
    time += 60_000;
    expect(taken(rate)).toBe(50);
  });

  test('says the time after which the next one passes, and before which it does not', () => {
    const rate = new Rate({ perSecond: 3, burst: 2 }, now);
    taken(rate);
    time += 100;
    const wait = rate.take('a');
    expect(wait).toBeCloseTo(1_000 / 3 - 100);
    time += wait - 1;
    expect(rate.take('a')).toBeGreaterThan(0);
    time += 1.01;
    expect(rate.take('a')).toBe(0);
  });

  test('takes nothing for what it refuses: whoever goes on asking too much is served as much as whoever keeps to it', () => {
    const rate = new Rate({ perSecond: 10, burst: 1 }, now);
    let passed = 0;
    for (let request = 0; request < 20_000; request++) {
      if (rate.take('flood') === 0) passed++;
      time += 0.5;
    }
    expect(passed).toBe(100);
  });

  test('counts each key by itself', () => {
    const rate = new Rate({ perSecond: 1, burst: 5 }, now);
    expect(taken(rate, 'a')).toBe(5);
    expect(taken(rate, 'b')).toBe(5);
  });

  test('leaves to the others what is above the share of those who may have a part only', () => {
    const rate = new Rate({ perSecond: 10, burst: 100 }, now);
    expect(taken(rate, 'a', 0.5)).toBe(50);
    expect(taken(rate, 'a')).toBe(50);
    time += 1_000;
    expect(taken(rate, 'a', 0.5)).toBe(0);
    expect(taken(rate, 'a')).toBe(10);
  });

  test('gives back what was not needed', () => {
    const rate = new Rate({ perSecond: 1, burst: 10 }, now);
    expect(rate.take('a', 10)).toBe(0);
    expect(rate.take('a')).toBeGreaterThan(0);
    rate.giveBack('a', 4);
    expect(taken(rate)).toBe(4);
  });

  test('lets what is more than a burst pass for somebody who has taken nothing', () => {
    const rate = new Rate({ perSecond: 1, burst: 10 }, now);
    expect(rate.take('a', 25)).toBe(0);
    expect(rate.take('a')).toBeGreaterThan(0);
    time += 10_000;
    expect(rate.take('a', 25)).toBe(0);
  });

  test('of 0 limits nothing and remembers nobody', () => {
    const rate = new Rate({ perSecond: 0, burst: 1 }, now);
    expect(taken(rate)).toBe(10_000);
    expect(rate.size).toBe(0);
  });

  test('remembers so many keys, of which the one that asked longest ago goes first', () => {
    const rate = new Rate({ perSecond: 0.001, burst: 1 }, now);
    for (let key = 0; key < MOST_KEYS + 10; key++) rate.take(`key ${key}`);
    expect(rate.size).toBe(MOST_KEYS);
    expect(rate.take('key 10')).toBeGreaterThan(0);
    expect(rate.take('key 9')).toBe(0);
  });
});
