/** Whose fault is it: along the drawing that stands above the policy. */
import { describe, expect, test } from 'vitest';
import {
  SuspectHead,
  type Suspect,
  type SuspectState,
} from '../../../lib/silo/deliver/session/suspect-head.ts';
import { aRow } from '../../stores/contract/messages.ts';
import { arrowsOf, wayTo, type Arrow } from '../drawing.ts';

const failing = (id: number): Suspect => ({
  message: aRow('bob@example.org', { id }),
  failure: {
    answer: { status: 480, reason: '', origin: 'peer', header: () => undefined },
    verdict: 'away',
  },
});
const HEAD = failing(1);
const NEXT = failing(2);
const STATES = ['watching', 'suspected', 'guilty', 'trusted'] as const satisfies SuspectState[];
const STEPS = {
  failed: (head: SuspectHead) => head.failed(head.state === 'watching' ? HEAD : NEXT, 2),
  answered: (head: SuspectHead) => head.answered(),
  passed: (head: SuspectHead) => head.passed(),
  close: (head: SuspectHead) => head.close(),
};
const drawn = arrowsOf('deliver/session/suspect-head.ts');
const take = (head: SuspectHead, { step }: Arrow) => STEPS[step as keyof typeof STEPS](head);

function headIn(state: SuspectState): SuspectHead {
  const head = new SuspectHead();
  for (const arrow of wayTo(drawn, 'watching', state)) take(head, arrow);
  expect(head.state).toBe(state);
  return head;
}

describe('the drawing of a suspect head', () => {
  test('names every state and every step', () => {
    expect(new Set(drawn.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(STATES));
    expect(new Set(drawn.map(({ step }) => step))).toEqual(new Set(Object.keys(STEPS)));
  });

  test.each(drawn)('$from ──$step──► $to', (arrow) => {
    const head = headIn(arrow.from as SuspectState);
    take(head, arrow);
    expect(head.state).toBe(arrow.to);
  });

  const others = STATES.flatMap((from) =>
    (Object.keys(STEPS) as (keyof typeof STEPS)[])
      .filter((step) => !drawn.some((arrow) => arrow.from === from && arrow.step === step))
      .map((step) => [step, from] as const),
  );
  test.each(others)('"%s" leaves "%s" as it is', (step, from) => {
    const head = headIn(from);
    STEPS[step](head);
    expect(head.state).toBe(from);
  });
});

describe('a head that fails', () => {
  test.each([0, 1])('after %d failed attempts is the fault of the device: no suspicion', (failedBefore) => {
    const head = new SuspectHead();
    expect(head.doubts(failedBefore)).toBe(false);
    expect(head.failed(HEAD, failedBefore)).toEqual({ suspect: undefined });
    expect(head.isSteppedOver).toBe(false);
  });

  test('for the third time is suspected, and stepped over', () => {
    const head = new SuspectHead();
    expect(head.doubts(2)).toBe(true);
    expect(head.failed(HEAD, 2)).toBe('suspected');
    expect([head.stepsOver(HEAD.message), head.stepsOver(NEXT.message)]).toEqual([true, false]);
  });

  test('is guilty when a device takes the next one, and comes out once', () => {
    const head = headIn('suspected');
    expect([head.answered(), head.answered(), head.close()]).toEqual([HEAD, undefined, undefined]);
    expect(head.stepsOver(HEAD.message)).toBe(true);
    expect(head.failed(NEXT, 2)).toEqual({ suspect: undefined });
  });

  test('is not to blame when the next one fails, too', () => {
    const head = headIn('suspected');
    expect(head.failed(NEXT, 0)).toEqual({ suspect: HEAD });
    expect(head.close()).toBeUndefined();
  });

  test('is not to blame when nothing is left that could show it', () => {
    const head = headIn('suspected');
    expect([head.close(), head.close()]).toEqual([HEAD, undefined]);
  });

  test('behind one that was taken is no head: it is not suspected, however often it failed', () => {
    const head = headIn('trusted');
    expect(head.doubts(9)).toBe(false);
    expect(head.failed(NEXT, 9)).toEqual({ suspect: undefined });
  });
});
