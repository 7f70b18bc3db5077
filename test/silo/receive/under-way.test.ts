/** Copies of a request that is under way, without a wire. */
import { expect, test } from 'vitest';
import { createUnderWay } from '../../../lib/silo/receive/under-way.ts';
import { Reply, aRequest } from '../request.ts';

const BOX = 'bob@example.org';
const NEVER = () => undefined;
const message = () => aRequest('MESSAGE', [], 'hi');

test('a copy gets 482 when the first one has no answer in time', async () => {
  const [first, copy] = [new Reply(), new Reply()];
  const underWay = createUnderWay({ ...copy.port, onReconnect: NEVER }, 1);
  expect(underWay.answerCopy(message(), first.res, BOX)).toBeUndefined();
  await underWay.answerCopy(message(), copy.res, BOX);
  expect(copy.answers).toEqual([{ status: 482, reason: 'The same request is still under way' }]);
});

test.each([
  [202, {}],
  [603, {}],
  [503, { headers: { 'Retry-After': '10' } }],
])("a copy gets the first one's %d, and what comes after that is no copy", async (status, more) => {
  const [first, copy] = [new Reply(), new Reply()];
  const underWay = createUnderWay({ ...copy.port, onReconnect: NEVER });
  void underWay.answerCopy(message(), first.res, BOX);
  const answered = underWay.answerCopy(message(), copy.res, BOX);
  first.end(status);
  await answered;
  expect(copy.answers).toEqual([{ status, ...more }]);
  expect(underWay.answerCopy(message(), new Reply().res, BOX)).toBeUndefined();
});

test('a request that passes two handlers is no copy of itself, nor one for another box', () => {
  const reply = new Reply();
  const underWay = createUnderWay({ ...reply.port, onReconnect: NEVER });
  expect(underWay.answerCopy(message(), reply.res, BOX)).toBeUndefined();
  expect(underWay.answerCopy(message(), reply.res, BOX)).toBeUndefined();
  expect(underWay.answerCopy(message(), new Reply().res, 'carol@example.org')).toBeUndefined();
});
