/** Letters to places that nobody has registered: never many at once, and none to who does not answer. */
import { expect, test } from 'vitest';
import { createInFlight } from '../../../lib/silo/state/in-flight.ts';
import { createUnregisteredTargets } from '../../../lib/silo/report/unregistered-targets.ts';
import type { Answer } from '../../../lib/sip/drachtio/messages.ts';

const answer = (origin: Answer['origin']): Answer => ({
  status: origin === 'peer' ? 200 : 408,
  reason: '',
  origin,
  header: () => undefined,
});

test('one at a time to a host, in order, and no more than fifty wait', async () => {
  const strangers = createUnregisteredTargets(createInFlight(), () => 0);
  const log: string[] = [];
  let atOnce = 0;
  const letters = Array.from({ length: 60 }, (_, n) =>
    strangers.send('192.0.2.1', 5060, async () => {
      expect(++atOnce).toBe(1);
      await Promise.resolve();
      atOnce--;
      log.push(String(n));
      return answer('peer');
    }),
  );
  expect((await Promise.all(letters)).filter((sent) => sent === undefined)).toHaveLength(10);
  expect(log).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
  expect(await strangers.send('192.0.2.1', 5060, () => Promise.resolve(answer('peer')))).toBeDefined();
});

test('a place that does not answer is left alone for five minutes, others are not', async () => {
  let time = 1000;
  const strangers = createUnregisteredTargets(createInFlight(), () => time);
  const send = (host: string, origin: Answer['origin'], port = 5060) =>
    strangers.send(host, port, () => Promise.resolve(answer(origin)));
  const [first, second] = await Promise.all([send('192.0.2.1', 'stack'), send('192.0.2.1', 'peer')]);
  expect([first?.origin, second]).toEqual(['stack', undefined]);
  expect(await send('192.0.2.2', 'peer')).toBeDefined();
  // Another phone behind the same NAT.
  expect(await send('192.0.2.1', 'peer', 5062)).toBeDefined();
  time += 299;
  expect(await send('192.0.2.1', 'peer')).toBeUndefined();
  time += 1;
  expect(await send('192.0.2.1', 'peer')).toBeDefined();
});
