/** How late a request is read, by the time at which drachtio-server had it. */
import { describe, expect, test } from 'vitest';
import { createLateness } from '../../../../lib/sip/drachtio/wire/lateness.ts';

const NOON = Date.UTC(2026, 0, 1, 12);

/** @param skew ms by which our clock is ahead of the server's */
function reading({ skew = 0, start = NOON } = {}) {
  let time = start;
  let load = 0.1;
  const lateness = createLateness({ now: () => time + skew, busy: () => load });
  return {
    /** A request that came so many ms ago. */
    read: (waited: number) => {
      lateness.note(`${new Date(time - waited).toISOString().slice(11, 23)}000`);
      return lateness.late();
    },
    pass: (ms: number) => (time += ms),
    load: (value: number) => (load = value),
    late: lateness.late,
    note: lateness.note,
  };
}

describe('lateness', () => {
  test('is the time that a request has waited', () => {
    const { read, load, pass } = reading();
    expect(read(0)).toBe(0);
    load(1);
    for (const waited of [100, 700, 2_500]) {
      pass(1_001);
      expect(read(waited)).toBe(waited);
    }
  });

  test.each([-3_600_000, -1_500, 40, 86_000])(
    'does not depend on the clocks: ours is %i ms ahead',
    (skew) => {
      const { read, load, pass } = reading({ skew });
      expect(read(0)).toBe(0);
      load(1);
      pass(1_001);
      expect(read(800)).toBe(800);
    },
  );

  test('a loop that is never idle takes no backlog for the difference of the clocks', () => {
    const { read, load, pass } = reading();
    read(0);
    load(0.99);
    for (let second = 0; second < 30; second++) {
      pass(1_100);
      expect(read(900)).toBe(900);
    }
  });

  test('an idle one has none: what seems late was sent by another clock', () => {
    const { read, pass, load } = reading();
    load(1);
    read(0);
    pass(1_100);
    expect(read(900)).toBe(900);
    load(0.2);
    pass(1_100);
    read(900);
    pass(1_100);
    expect(read(900)).toBe(0);
  });

  test('goes over midnight', () => {
    const { read, load, pass } = reading({ start: Date.UTC(2026, 0, 1, 23, 59, 59, 800) });
    expect(read(0)).toBe(0);
    load(1);
    pass(400);
    expect(read(300)).toBe(300);
  });

  test('is over when nothing is read any more', () => {
    const { read, late, pass, load } = reading();
    read(0);
    load(1);
    pass(1_100);
    expect(read(900)).toBe(900);
    pass(1_000);
    expect(late()).toBe(0);
  });

  test.each(['', 'noon', '12:00', '12:00:00Z', undefined])(
    'of a request without a time is not known: %j',
    (time) => {
      const { note, late } = reading();
      note(time);
      expect(late()).toBe(0);
    },
  );
});
