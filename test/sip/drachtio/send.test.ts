/** How many requests may have an answer on its way. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { drachtioOptions } from '../../../lib/sip/options.ts';
import { createSender } from '../../../lib/sip/drachtio/send.ts';
import type { SrfAtRunTime } from '../../../lib/sip/drachtio/srf.ts';
import type { Heard } from '../../../lib/sip/drachtio/wire/short-way.ts';
import { FrameWindow } from '../../../lib/sip/drachtio/wire/window.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A drachtio-server that acknowledges at once, and answers when it is told to. */
function aSender() {
  const asked: Heard[] = [];
  const sender = createSender({} as SrfAtRunTime, {
    window: new FrameWindow(1000),
    short: {
      request: (_uri, _options, heard) => {
        asked.push(heard);
        heard.sent(1);
        return () => undefined;
      },
    },
  });
  const send = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        sender.send({ method: 'MESSAGE', uri: 'sip:bob@127.0.0.1:5062', headers: { To: '<sip:bob@x>' } }),
      ),
    );
  const answer = ({ answered }: Heard) =>
    answered({ transaction: 'one', status: 200, reason: 'OK', isOfPeer: true, head: '' });
  return { asked, sender, send, answer };
}

test('sixty-four requests wait for an answer at a time, and each answer lets the next one go', async () => {
  const { asked, send, answer } = aSender();
  const all = send(200);
  expect(asked).toHaveLength(64);
  for (let index = 0; index < 200; index++) answer(asked[index]!);
  expect((await all).map(({ status }) => status)).toEqual(Array.from({ length: 200 }, () => 200));
  expect(vi.getTimerCount()).toBe(0);
});

test('the option says as many', () => {
  expect(drachtioOptions.defaults.maxUnanswered).toBe(64);
});

test('who has not answered after thirty milliseconds makes room for another', async () => {
  const { asked, send } = aSender();
  const all = send(200);
  await vi.advanceTimersByTimeAsync(29);
  expect(asked).toHaveLength(64);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(128);
  await vi.advanceTimersByTimeAsync(60);
  expect(asked).toHaveLength(200);
  await vi.advanceTimersByTimeAsync(35_000);
  expect((await all).every(({ failure }) => failure === 'timeout')).toBe(true);
});

test('with a lost connection all that wait learn of it', async () => {
  const { asked, sender, send } = aSender();
  const all = send(200);
  sender.disconnected();
  expect((await all).map(({ failure }) => failure)).toEqual(
    Array.from({ length: 200 }, () => 'disconnected'),
  );
  expect(asked).toHaveLength(64);
  void send(200);
  expect(asked).toHaveLength(128);
});
