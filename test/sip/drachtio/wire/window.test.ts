import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameWindow, type Kind } from '../../../../lib/sip/drachtio/wire/window.ts';

describe('the frame window', () => {
  function windowOf(most: number) {
    const window = new FrameWindow(most);
    const went: string[] = [];
    const acknowledge: (() => void)[] = [];
    return {
      window,
      went,
      acknowledge,
      enter: (name: string, bytes = 100, kind: Kind = 'request') =>
        window.enter(kind, bytes, (acknowledged) => {
          went.push(name);
          acknowledge.push(acknowledged);
        }),
    };
  }

  test('so many small frames are pipelined, and each acknowledgement lets the next one go', () => {
    const { enter, went, acknowledge } = windowOf(2);
    for (const name of ['1', '2', '3', '4']) enter(name, 4000);
    expect(went).toEqual(['1', '2']);
    acknowledge[1]!();
    expect(went).toEqual(['1', '2', '3']);
    acknowledge[0]!();
    expect(went).toEqual(['1', '2', '3', '4']);
  });

  test('a large frame waits for everything before it, and everything after waits for it', () => {
    const { enter, went, acknowledge } = windowOf(10);
    enter('small 1');
    enter('large', 4001);
    enter('small 2');
    enter('large 2', 5000);
    expect(went).toEqual(['small 1']);
    acknowledge[0]!();
    expect(went).toEqual(['small 1', 'large']);
    acknowledge[1]!();
    expect(went).toEqual(['small 1', 'large', 'small 2']);
    acknowledge[2]!();
    expect(went).toEqual(['small 1', 'large', 'small 2', 'large 2']);
  });

  test('one that is acknowledged twice makes room for one', () => {
    const { enter, went, acknowledge } = windowOf(1);
    for (const name of ['1', '2', '3']) enter(name);
    acknowledge[0]!();
    acknowledge[0]!();
    expect(went).toEqual(['1', '2']);
  });

  test('answers go before the requests that wait, also before large ones, and each ninth time a request goes', () => {
    const { enter, went, acknowledge } = windowOf(1);
    enter('first');
    for (const name of ['large 1', 'large 2']) enter(name, 9000);
    for (let index = 1; index <= 12; index++) enter(String(index), 100, 'answer');
    for (let index = 0; index < 15; index++) acknowledge[index]!();
    const answers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);
    expect(went).toEqual(['first', ...answers(1, 8), 'large 1', ...answers(9, 12), 'large 2']);
  });

  test('a flood of answers is not kept back, but by a large frame', () => {
    const { enter, went, acknowledge } = windowOf(1);
    enter('large', 9000);
    for (let index = 0; index < 1000; index++) enter('answer', 100, 'answer');
    expect(went).toHaveLength(1);
    acknowledge[0]!();
    expect(went).toHaveLength(501);
    enter('answer', 100, 'answer');
    expect(went).toHaveLength(502);
  });

  test('one that throws takes no room', () => {
    const { window, enter, went } = windowOf(1);
    const broken = () => {
      throw new Error('broken');
    };
    expect(() => window.enter('answer', 5000, broken)).toThrow('broken');
    enter('next');
    expect(went).toEqual(['next']);
  });

  test('many that are acknowledged before they return are no deep calls', () => {
    const window = new FrameWindow(1);
    let went = 0;
    let first = (): void => undefined;
    window.enter('request', 100, (acknowledged) => (first = acknowledged));
    for (let i = 0; i < 100_000; i++)
      window.enter('request', 100, (acknowledged) => {
        went++;
        acknowledged();
      });
    expect(went).toBe(0);
    first();
    expect(went).toBe(100_000);
  });

  test('a lost connection lets all go that wait, and what it had acknowledges nothing of the next one', () => {
    const { window, enter, went, acknowledge } = windowOf(1);
    enter('1', 5000);
    enter('2', 5000);
    enter('3');
    expect(went).toEqual(['1']);
    window.reset();
    expect(went).toEqual(['1', '2', '3']);
    enter('4');
    enter('5');
    acknowledge[0]!();
    acknowledge[1]!();
    expect(went).toEqual(['1', '2', '3', '4']);
    acknowledge[3]!();
    expect(went).toEqual(['1', '2', '3', '4', '5']);
  });

  test('it is drained when every frame was acknowledged, those that had to wait among them', async () => {
    const { window, enter, acknowledge } = windowOf(1);
    enter('1');
    enter('2');
    let drained = false;
    const waiting = window.drained().then(() => (drained = true));
    acknowledge[0]!();
    await Promise.resolve();
    expect(drained).toBe(false);
    acknowledge[1]!();
    await waiting;
    await window.drained();
  });

  test('never too many, never two frames beside a large one, never out of order, none forgotten', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(
          fc.record({
            kind: fc.constantFrom<Kind>('answer', 'request'),
            bytes: fc.integer({ min: 1, max: 11_999 }),
            acknowledgeFirst: fc.boolean(),
          }),
        ),
        (most, frames) => {
          const window = new FrameWindow(most);
          const open: { bytes: number; done: () => void }[] = [];
          const order: Record<Kind, number[]> = { answer: [], request: [] };
          frames.forEach(({ kind, bytes, acknowledgeFirst }, index) => {
            if (acknowledgeFirst) open.shift()?.done();
            window.enter(kind, bytes, (done) => {
              order[kind].push(index);
              open.push({ bytes, done });
              const alone = open.some((frame) => frame.bytes > 4000);
              expect(open.length).toBeLessThanOrEqual(alone ? 1 : most);
            });
          });
          for (let frame = open.shift(); frame; frame = open.shift()) frame.done();
          for (const kind of ['answer', 'request'] as const)
            expect(order[kind]).toEqual(frames.flatMap((frame, index) => (frame.kind === kind ? index : [])));
        },
      ),
    );
  });
});
