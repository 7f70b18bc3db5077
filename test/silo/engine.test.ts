/** The parts that keep a delivery engine well-behaved: fairness, pace, breaker, back-pressure. */
import { describe, expect, test, vi } from 'vitest';
import { createCircuitBreaker } from '../../lib/silo/pace/circuit-breaker.ts';
import { createFairQueue } from '../../lib/base/fair-queue.ts';
import { createOverload } from '../../lib/silo/receive/overload.ts';
import { createRateLimit, type PaceLimits } from '../../lib/silo/pace/rate-limit.ts';

const NO_LIMITS: PaceLimits = { sendRate: 0, hopRate: 0, hopInFlight: 0, domainRate: 0, domainInFlight: 0 };

describe('the fair queue', () => {
  test('one group with much to do does not keep the others waiting', () => {
    const queue = createFairQueue<string>();
    for (let i = 0; i < 100; i++) queue.add('big', `big ${i}`);
    queue.add('small', 'small 0');
    expect([queue.take(), queue.take(), queue.take()]).toEqual(['big 0', 'small 0', 'big 1']);
    expect(queue.size).toBe(98);
  });

  test('a group that may not be served is passed over and keeps its turn', () => {
    const queue = createFairQueue<string>();
    queue.add('a', 'a 0');
    queue.add('b', 'b 0');
    expect(queue.take((group) => group !== 'a')).toBe('b 0');
    expect(queue.take((group) => group !== 'a')).toBeUndefined();
    expect(queue.take()).toBe('a 0');
  });

  test('keeps the order within a group over many items', () => {
    const queue = createFairQueue<number>();
    const taken: unknown[] = [];
    for (let i = 0; i < 5000; i++) {
      queue.add('a', i);
      if (i % 2) taken.push(queue.take());
    }
    while (queue.size > 0) taken.push(queue.take());
    expect(taken).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });
});

describe('the pace', () => {
  /** Sends `count` messages; how many were in flight at the most, and how many left before any time could pass. */
  async function flood(limits: Partial<PaceLimits>, count: number, hops = 1) {
    const pace = createRateLimit({ ...NO_LIMITS, ...limits });
    let inFlight = 0;
    let most = 0;
    let early = 0;
    let begun = true;
    setImmediate(() => (begun = false));
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        pace.run(`hop${i % hops}`, 'example.org', async () => {
          if (begun) early++;
          most = Math.max(most, ++inFlight);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inFlight--;
        }),
      ),
    );
    pace.close();
    return { most, early };
  }

  test('without limits everything leaves at once', async () => {
    expect(await flood({}, 100)).toEqual({ most: 100, early: 100 });
  });

  test('messages in flight are limited per next hop and per domain', async () => {
    expect((await flood({ hopInFlight: 3 }, 30)).most).toBe(3);
    expect((await flood({ hopInFlight: 3 }, 30, 2)).most).toBe(6);
    expect((await flood({ domainInFlight: 4 }, 30, 2)).most).toBe(4);
  });

  test('messages a second are limited in all, per next hop and per domain: a burst of one second, then steadily', async () => {
    expect((await flood({ sendRate: 50 }, 60)).early).toBeLessThan(60);
    expect((await flood({ sendRate: 50 }, 60)).early).toBeGreaterThanOrEqual(50);
    expect((await flood({ hopRate: 20 }, 50, 2)).early).toBeLessThan(50);
    expect((await flood({ domainRate: 20 }, 25, 2)).early).toBeLessThan(25);
  });

  test('a failing message frees its place', async () => {
    const pace = createRateLimit({ ...NO_LIMITS, hopInFlight: 1 });
    await expect(pace.run('hop', 'd', () => Promise.reject(new Error('oops')))).rejects.toThrow('oops');
    expect(await pace.run('hop', 'd', () => Promise.resolve(1))).toBe(1);
    expect(pace.waiting).toBe(0);
  });
});

describe('the circuit breaker', () => {
  function failing(devices: number, times: number) {
    let time = 0;
    const breaker = createCircuitBreaker(() => time);
    for (let i = 0; i < times; i++) breaker.report('edge', `phone${i % devices}`, false);
    return { breaker, advance: (ms: number) => (time += ms) };
  }

  test('opens after five failures in a row of several devices, and lets one trial through when its time is over', () => {
    expect(failing(3, 4).breaker.wait('edge')).toBe(0);
    const { breaker, advance } = failing(3, 5);
    expect(breaker.wait('edge')).toBe(5000);
    expect(breaker.wait('other edge')).toBe(0);
    advance(5000);
    expect(breaker.wait('edge')).toBe(0);
    expect(breaker.wait('edge')).toBeGreaterThan(0);
  });

  test('a failed trial doubles the time, a success closes it', () => {
    const { breaker, advance } = failing(3, 5);
    advance(5000);
    breaker.wait('edge');
    breaker.report('edge', 'phone', false);
    expect(breaker.wait('edge')).toBe(10_000);
    breaker.report('edge', 'phone', true);
    expect(breaker.wait('edge')).toBe(0);
  });

  test('one phone that cannot be reached opens nothing', () => {
    expect(failing(1, 100).breaker.wait('edge')).toBe(0);
  });

  test('a Retry-After is waited for', () => {
    const { breaker } = failing(3, 4);
    breaker.report('edge', 'phone', false, 300);
    expect(breaker.wait('edge')).toBe(300_000);
  });
});

describe('a circuit breaker with many hops', () => {
  test('forgets those that failed longest ago, and never one that fails just now', () => {
    const breaker = createCircuitBreaker(() => 0);
    const fails = (hop: string) => {
      for (let i = 0; i < 5; i++) breaker.report(hop, `phone${i}`, false);
    };
    fails('left');
    fails('edge');
    for (let i = 0; i < 10_000; i++) {
      breaker.report(`hop${i}`, 'phone', false);
      if (i % 1000 === 0) breaker.report('edge', 'phone', false);
    }
    expect(breaker.wait('left')).toBe(0);
    expect(breaker.wait('edge')).toBeGreaterThan(0);
  });
});

describe('back-pressure', () => {
  test('messages beyond the limit of pending commits are refused, and welcome again when some are done', () => {
    const overload = createOverload({ maxPending: 2, maxLag: 1000 });
    const done = [overload.pending(), overload.pending()];
    expect(overload.reason()).toContain('2 messages wait');
    done[0]!();
    done[0]!();
    expect(overload.reason()).toBeUndefined();
    overload.close();
  });

  test('messages are refused when all of the last second have waited too long to be read, not after one pause', () => {
    let time = 5_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => time);
    let waited = 0;
    const overload = createOverload({ maxPending: 10, maxLag: 1000 }, { late: () => waited });
    /** What the requests of some time were told, one every tenth of a second. */
    const told = (ms: number) =>
      Array.from({ length: ms / 100 }, () => {
        time += 100;
        return overload.reason();
      });
    try {
      expect(told(500)).toEqual(Array(5).fill(undefined));
      waited = 1_001;
      const answers = told(2_000);
      expect(answers.slice(0, 10)).toEqual(Array(10).fill(undefined));
      expect(new Set(answers.slice(10))).toEqual(new Set(['requests are read 1001 ms after they came']));
      waited = 999;
      expect(overload.reason()).toBeUndefined();
      waited = 3_000;
      // A pause, and another one much later.
      expect(overload.reason()).toBeUndefined();
      time += 60_000;
      expect(overload.reason()).toBeUndefined();
    } finally {
      clock.mockRestore();
      overload.close();
    }
  });

  test('a lagging event loop refuses', async () => {
    const overload = createOverload({ maxPending: 10, maxLag: 30 });
    const lagging = setInterval(() => {
      const until = performance.now() + 120;
      while (performance.now() < until);
    }, 1);
    await vi.waitFor(() => expect(overload.reason()).toContain('event loop lags'), { timeout: 8000 });
    clearInterval(lagging);
    await vi.waitFor(() => expect(overload.reason()).toBeUndefined(), { timeout: 8000 });
    overload.close();
  });
});
