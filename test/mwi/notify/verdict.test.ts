import { expect, test } from 'vitest';
import { verdictOf } from '../../../lib/mwi/notify/verdict.ts';
import { answerOf } from './answers.ts';

test.each([200, 202, 299])('%i accepts the NOTIFY', (status) => {
  expect(verdictOf(answerOf(status))).toBe('accepted');
});

test.each([404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604])(
  '%i ends the subscription (RFC 6665 4.2.2)',
  (status) => {
    expect(verdictOf(answerOf(status))).toBe('gone');
  },
);

test.each([301, 403, 486, 500, 503, 603])('%i keeps it, to be tried again', (status) => {
  expect(verdictOf(answerOf(status))).toEqual({ after: undefined, unreachable: false });
});

test('the time of Retry-After counts, up to an hour', () => {
  const after = (value: string) => verdictOf(answerOf(503, {}, { 'Retry-After': value }));
  expect(after('7 (busy)')).toMatchObject({ after: 7 });
  expect(after('86400')).toMatchObject({ after: 3600 });
  expect(after('soon')).toMatchObject({ after: undefined });
});

test("drachtio-server's own 410 is a closed connection, not the device's word", () => {
  expect(verdictOf(answerOf(410, { origin: 'stack' }))).toEqual({ after: undefined, unreachable: true });
});

test('what can never be sent ends the subscription', () => {
  expect(verdictOf(answerOf(400, { origin: 'local', failure: 'unsendable' }))).toBe('gone');
});
