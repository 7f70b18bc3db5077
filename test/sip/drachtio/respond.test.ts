/** Answers, and what is left of one that was given. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SipResponse } from '../../../lib/sip/drachtio/messages.ts';
import { createRespond } from '../../../lib/sip/drachtio/respond.ts';
import { FrameWindow } from '../../../lib/sip/drachtio/wire/window.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A response as drachtio-srf's, that goes out when `acknowledge` is called. */
function aResponse(refuses?: number) {
  let acknowledge: () => void = () => undefined;
  const sent: number[] = [];
  const res: SipResponse = {
    finished: false,
    get finalResponseSent() {
      return this.finished;
    },
    send: (status, _reason, _options, callback) => {
      if (res.finished) throw new Error('final response already sent');
      sent.push(status);
      if (status === refuses) throw new Error('no connection');
      res.finished = true;
      acknowledge = () => callback(undefined);
    },
    once: () => undefined,
  };
  return { res, sent, acknowledge: () => acknowledge() };
}

test('an answer that went out leaves no timer that would keep its request', () => {
  const respond = createRespond(new FrameWindow(32));
  const { res, acknowledge } = aResponse();
  const told: boolean[] = [];
  respond(res, 202, { onSent: (sent) => told.push(sent) });
  expect(vi.getTimerCount()).toBe(1);
  acknowledge();
  expect(told).toEqual([true]);
  expect(vi.getTimerCount()).toBe(0);
});

test('one whose acknowledgement never comes is given up after five seconds, once', () => {
  const window = new FrameWindow(32);
  const respond = createRespond(window);
  const { res, acknowledge } = aResponse();
  const told: boolean[] = [];
  respond(res, 202, { onSent: (sent) => told.push(sent) });
  vi.advanceTimersByTime(5_000);
  acknowledge();
  expect(told).toEqual([false]);
  expect(vi.getTimerCount()).toBe(0);
});

/** A window in which the one frame that may be out is another one. */
function aFullWindow() {
  const window = new FrameWindow(1);
  let acknowledge: () => void = () => undefined;
  window.enter('answer', 100, (acknowledged) => (acknowledge = acknowledged));
  return { window, acknowledge: () => acknowledge() };
}

test('a request whose answer waits for its turn has its answer, for the host too, and gets no second one', () => {
  const { window, acknowledge } = aFullWindow();
  const respond = createRespond(window);
  const { res, sent } = aResponse();
  const told: boolean[] = [];
  respond(res, 202);
  expect(res.finalResponseSent).toBe(true);
  respond(res, 500, { onSent: (did) => told.push(did) });
  expect([sent, told]).toEqual([[], [false]]);
  acknowledge();
  expect(sent).toEqual([202]);
  expect(res.finalResponseSent).toBe(true);
});

test.each([
  ['at once', new FrameWindow(1)],
  ['in its turn', undefined],
])('one that could not be handed over %s is 500 instead', (_, free) => {
  const full = aFullWindow();
  const respond = createRespond(free ?? full.window);
  const { res, sent } = aResponse(202);
  const told: boolean[] = [];
  respond(res, 202, { onSent: (did) => told.push(did) });
  full.acknowledge();
  expect([sent, told]).toEqual([[202, 500], [false]]);
  expect(res.finalResponseSent).toBe(true);
});
