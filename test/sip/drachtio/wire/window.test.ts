import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameWindow } from '../../../../lib/sip/drachtio/wire/window.ts';

describe('the frame window', () => {
  test('small frames are pipelined', () => {
    const window = createFrameWindow();
    let sent = 0;
    for (let i = 0; i < 100; i++) window.enter(4000, () => sent++);
    expect(sent).toBe(100);
  });

  test('a large frame waits for everything before it, and everything after waits for it', () => {
    const window = createFrameWindow();
    const acknowledge: (() => void)[] = [];
    const order: string[] = [];
    const frame = (name: string, bytes: number) =>
      window.enter(bytes, (done) => {
        order.push(name);
        acknowledge.push(done);
      });
    frame('small 1', 100);
    frame('large', 4001);
    frame('small 2', 100);
    frame('large 2', 5000);
    expect(order).toEqual(['small 1']);
    acknowledge[0]!();
    expect(order).toEqual(['small 1', 'large']);
    acknowledge[1]!();
    expect(order).toEqual(['small 1', 'large', 'small 2']);
    acknowledge[2]!();
    expect(order).toEqual(['small 1', 'large', 'small 2', 'large 2']);
  });

  test('a lost connection releases what waits', () => {
    const window = createFrameWindow();
    let sent = 0;
    window.enter(5000, () => sent++);
    window.enter(5000, () => sent++);
    expect(sent).toBe(1);
    window.reset();
    expect(sent).toBe(2);
  });

  test('never two frames beside a large one, never out of order, none forgotten', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 11_999 }), acknowledgeFirst: fc.boolean() })),
        (frames) => {
          const window = createFrameWindow();
          const open: { bytes: number; done: () => void }[] = [];
          const order: number[] = [];
          frames.forEach(({ bytes, acknowledgeFirst }, index) => {
            if (acknowledgeFirst) open.shift()?.done();
            window.enter(bytes, (done) => {
              order.push(index);
              open.push({ bytes, done });
              if (open.some((frame) => frame.bytes > 4000)) expect(open).toHaveLength(1);
            });
          });
          for (let frame = open.shift(); frame; frame = open.shift()) frame.done();
          expect(order).toEqual(frames.map((_, index) => index));
        },
      ),
    );
  });
});
