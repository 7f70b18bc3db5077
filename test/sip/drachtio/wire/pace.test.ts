import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../../lib/sip/drachtio/wire/pace.ts';

describe('the pace of requests', () => {
  function paced(most: number) {
    const pace = new Pace(most);
    const went: number[] = [];
    const open: (() => void)[] = [];
    return {
      pace,
      went,
      open,
      enter: (name: number) =>
        pace.enter((acknowledged) => {
          went.push(name);
          open.push(acknowledged);
        }),
    };
  }

  test('so many go at once, and each acknowledgement lets the next one go', () => {
    const { enter, went, open } = paced(2);
    for (const name of [1, 2, 3, 4]) enter(name);
    expect(went).toEqual([1, 2]);
    open[1]!();
    expect(went).toEqual([1, 2, 3]);
    open[0]!();
    expect(went).toEqual([1, 2, 3, 4]);
  });

  test('one that is acknowledged twice makes room for one', () => {
    const { enter, went, open } = paced(1);
    for (const name of [1, 2, 3]) enter(name);
    open[0]!();
    open[0]!();
    expect(went).toEqual([1, 2]);
  });

  test('many that are acknowledged before they return are no deep calls', () => {
    const pace = new Pace(1);
    let went = 0;
    let first = (): void => undefined;
    pace.enter((acknowledged) => (first = acknowledged));
    for (let i = 0; i < 100_000; i++)
      pace.enter((acknowledged) => {
        went++;
        acknowledged();
      });
    expect(went).toBe(0);
    first();
    expect(went).toBe(100_000);
  });

  test('a lost connection lets all go that wait, and what it had acknowledges nothing of the next one', () => {
    const { pace, enter, went, open } = paced(1);
    for (const name of [1, 2, 3]) enter(name);
    pace.reset();
    expect(went).toEqual([1, 2, 3]);
    enter(4);
    enter(5);
    open[0]!();
    open[1]!();
    expect(went).toEqual([1, 2, 3, 4]);
    open[3]!();
    expect(went).toEqual([1, 2, 3, 4, 5]);
  });

  test('never too many, never out of order, none forgotten', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean()), (most, acknowledgements) => {
        const { enter, went, open } = paced(most);
        let acknowledged = 0;
        for (const [name, one] of acknowledgements.entries()) {
          enter(name);
          if (one) open[acknowledged++]?.();
          expect(went.length - acknowledged).toBeLessThanOrEqual(most);
        }
        while (acknowledged < open.length) open[acknowledged++]!();
        expect(went).toEqual([...acknowledgements.keys()]);
      }),
    );
  });
});
