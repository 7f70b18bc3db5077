/** Answers, and what is left of one that was given. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SipResponse } from '../../../lib/sip/drachtio/messages.ts';
import { createRespond, isAnswered } from '../../../lib/sip/drachtio/respond.ts';
import { FrameWindow } from '../../../lib/sip/drachtio/wire/window.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A response that goes out when `acknowledge` is called. */
function aResponse() {
  let acknowledge: () => void = () => undefined;
  const res: SipResponse = {
    finalResponseSent: false,
    send: (_status, _reason, _options, callback) => (acknowledge = () => callback(undefined)),
    once: () => undefined,
  };
  return { res, acknowledge: () => acknowledge() };
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
  window.enter(100, (acknowledged) => (acknowledge = acknowledged));
  return { window, acknowledge: () => acknowledge() };
}

test('a request whose answer waits for its turn has its answer, and gets no second one', () => {
  const { window, acknowledge } = aFullWindow();
  const respond = createRespond(window);
  const sent: number[] = [];
  const { res } = aResponse();
  const watched: SipResponse = { ...res, send: (status) => void sent.push(status) };
  const told: boolean[] = [];
  respond(watched, 202);
  expect(isAnswered(watched)).toBe(true);
  respond(watched, 500, { onSent: (did) => told.push(did) });
  acknowledge();
  expect([sent, told]).toEqual([[202], [false]]);
});

test('an answer that a host has given meanwhile by itself is not given again', () => {
  const { window, acknowledge } = aFullWindow();
  const respond = createRespond(window);
  const sent: number[] = [];
  let finalResponseSent = false;
  const watched: SipResponse = {
    get finalResponseSent() {
      return finalResponseSent;
    },
    send: (status) => void sent.push(status),
    once: () => undefined,
  };
  const told: boolean[] = [];
  respond(watched, 202, { onSent: (did) => told.push(did) });
  finalResponseSent = true;
  acknowledge();
  expect([sent, told]).toEqual([[], [false]]);
});

test('one that could not be handed over leaves room for another', () => {
  const respond = createRespond(new FrameWindow(1));
  const sent: number[] = [];
  const { res } = aResponse();
  const watched: SipResponse = {
    ...res,
    send: (status) => {
      sent.push(status);
      if (status === 202) throw new Error('no connection');
    },
  };
  respond(watched, 202);
  expect(isAnswered(watched)).toBe(false);
  respond(watched, 500);
  expect(sent).toEqual([202, 500]);
});
