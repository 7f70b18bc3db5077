/** A lane, along the drawing that stands above it. */
import { describe, expect, test, vi } from 'vitest';
import { Lane, type LaneState } from '../../../lib/silo/deliver/lane/lane.ts';
import { arrowsOf, wayTo, type Arrow } from '../drawing.ts';

const BOX = 'bob@example.org';
const LEASE = { box: BOX, owner: 'one', fence: 1 };
const LONG = 60_000;

/** What each step of the drawing is in code. */
const STEPS: Readonly<Record<string, (lane: Lane) => unknown>> = {
  wake: (lane) => lane.wake('accept'),
  begin: (lane) => lane.begin(),
  lease: (lane) => lane.lease(LEASE, performance.now() + LONG),
  release: (lane) => lane.release(),
  rest: (lane) => lane.rest(),
  pause: (lane) => lane.pause(LONG, () => undefined),
  due: (lane) => lane.due(),
  stop: (lane) => lane.stop(),
  fail: (lane) => lane.fail(LONG, () => undefined),
};
const STATES = [
  'idle',
  'queued',
  'claiming',
  'serving',
  'releasing',
  'waiting',
] as const satisfies LaneState[];
const drawn = arrowsOf('deliver/lane/lane.ts').flatMap((arrow): readonly Arrow[] =>
  arrow.from === 'any' ? STATES.map((from) => ({ ...arrow, from })) : [arrow],
);

const take = (lane: Lane, { step }: Arrow) => STEPS[step]!(lane);

function laneIn(state: LaneState): Lane {
  const lane = new Lane(BOX);
  for (const arrow of wayTo(drawn, 'idle', state)) take(lane, arrow);
  expect(lane.state).toBe(state);
  return lane;
}

describe('the drawing of a lane', () => {
  test('names every state and every step', () => {
    expect(new Set(drawn.map(({ to }) => to))).toEqual(new Set(STATES));
    expect(new Set(drawn.map(({ step }) => step))).toEqual(new Set(Object.keys(STEPS)));
  });

  test.each(drawn)('$from ──$step──► $to', (arrow) => {
    const lane = laneIn(arrow.from as LaneState);
    take(lane, arrow);
    expect(lane.state).toBe(arrow.to);
  });

  const steps = Object.keys(STEPS).filter((step) => step !== 'wake');
  const missing = STATES.flatMap((from) =>
    steps
      .filter((step) => !drawn.some((arrow) => arrow.from === from && arrow.step === step))
      .map((step) => [from, step] as const),
  );

  test.each(missing)(
    'has no step from "%s" by "%s": that throws, names the box, and changes nothing',
    (from, step) => {
      const lane = laneIn(from);
      expect(() => STEPS[step]!(lane)).toThrow(
        new RegExp(`^the lane of ${BOX}: "${step}" is no step from "${from}", only from "`),
      );
      expect(lane.state).toBe(from);
    },
  );
});

describe('a lane that is woken', () => {
  test.each(['queued', 'claiming', 'serving', 'releasing'] as const)(
    'while it is %s stays so, tells its session, and says afterwards why it takes another turn',
    (state) => {
      const lane = laneIn(state);
      const heard: string[] = [];
      lane.listen((news) => heard.push(news));
      expect(lane.wake('tail')).toBe(false);
      expect(lane.state).toBe(state);
      expect(heard).toEqual(['woken']);
      for (const arrow of wayTo(drawn, state, 'releasing')) take(lane, arrow);
      expect(lane.rest()).toBe('tail');
    },
  );

  test('by a registration and then by others remembers the registration', () => {
    const lane = laneIn('serving');
    for (const why of ['accept', 'register', 'timer'] as const) lane.wake(why);
    lane.release();
    expect(lane.pause(LONG, () => undefined)).toBe('register');
  });

  test('by the sweep goes on waiting: the timer is there for that', () => {
    const lane = laneIn('waiting');
    expect(lane.wake('timer')).toBe(false);
    expect(lane.state).toBe('waiting');
  });

  test('says why, at once or when its pause is over', async () => {
    const lane = new Lane(BOX);
    lane.wake('register');
    expect(lane.begin()).toBe('register');
    let rung = 0;
    lane.pause(1, () => rung++);
    await vi.waitFor(() => expect(rung).toBe(1));
    lane.due();
    expect(lane.begin()).toBe('register');
  });

  test('before its pause is over hears nothing of the timer', async () => {
    const lane = laneIn('releasing');
    let rung = 0;
    lane.pause(1, () => rung++);
    expect(lane.wake('accept')).toBe(true);
    // A timer that was set later, for a later time.
    await new Promise<void>((resolve) => laneIn('releasing').pause(5, resolve));
    expect(rung).toBe(0);
  });
});

describe('the lease of a lane', () => {
  test('holds while the session runs and until its time', async () => {
    const lane = laneIn('claiming');
    lane.lease(LEASE, performance.now() + 30);
    expect(lane.holds(LEASE)).toBe(true);
    expect(lane.holds({ ...LEASE })).toBe(false);
    await vi.waitFor(() => expect(lane.holds(LEASE)).toBe(false));
    lane.release();
  });

  test('is prolonged, unless it had run out when that was asked for', () => {
    const lane = laneIn('claiming');
    const start = performance.now();
    lane.lease(LEASE, start);
    lane.renewed(start, start + LONG);
    expect(lane.holds(LEASE)).toBe(false);
    lane.renewed(start - 1, start + LONG);
    expect(lane.holds(LEASE)).toBe(true);
  });

  test.each(['release', 'fail'])(
    'is over with "%s": what is still on its way to a device is not sent',
    (step) => {
      const lane = laneIn('serving');
      expect(lane.holds(LEASE)).toBe(true);
      STEPS[step]!(lane);
      expect(lane.holds(LEASE)).toBe(false);
    },
  );
});

test('a limit is for one session, and outlives a pause before it', () => {
  const lane = new Lane(BOX);
  expect(lane.takeLimit()).toBe(Infinity);
  lane.limit(2);
  for (const step of ['wake', 'begin', 'pause', 'due', 'begin']) STEPS[step]!(lane);
  expect([lane.takeLimit(), lane.takeLimit()]).toEqual([2, Infinity]);
});

test('after a fault the box is served for the best reason that it was woken for', () => {
  const lane = new Lane(BOX);
  lane.wake('tail');
  lane.begin();
  lane.wake('register');
  lane.fail(LONG, () => undefined);
  lane.due();
  expect(lane.begin()).toBe('register');
});
