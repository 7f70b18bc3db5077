/** Answers, and what is left of one that was given. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SipResponse } from '../../../lib/sip/drachtio/messages.ts';
import { createRespond } from '../../../lib/sip/drachtio/respond.ts';
import { createFrameWindow } from '../../../lib/sip/drachtio/wire/window.ts';

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
  const respond = createRespond(createFrameWindow());
  const { res, acknowledge } = aResponse();
  const told: boolean[] = [];
  respond(res, 202, { onSent: (sent) => told.push(sent) });
  expect(vi.getTimerCount()).toBe(1);
  acknowledge();
  expect(told).toEqual([true]);
  expect(vi.getTimerCount()).toBe(0);
});

test('one whose acknowledgement never comes is given up after five seconds, once', () => {
  const window = createFrameWindow();
  const respond = createRespond(window);
  const { res, acknowledge } = aResponse();
  const told: boolean[] = [];
  respond(res, 202, { onSent: (sent) => told.push(sent) });
  vi.advanceTimersByTime(5_000);
  acknowledge();
  expect(told).toEqual([false]);
  expect(vi.getTimerCount()).toBe(0);
});
