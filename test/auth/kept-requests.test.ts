/** What is remembered of strangers keeps nothing else of their requests in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Unanswered } from '../../lib/auth/unanswered.ts';
import { CachedUsers } from '../../lib/auth/users/cached.ts';
import { networksOf } from '../../lib/base/networks.ts';
import type { SipRequest } from '../../lib/sip/drachtio/messages.ts';

const REQUESTS = 400;
const SIZE = 60_000;

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

/** A piece of a request of its own. */
function piece(text: string): string {
  const whole = Buffer.from(`${text}|${'x'.repeat(SIZE)}`).toString();
  return whole.slice(0, whole.indexOf('|'));
}

/** Bytes of the heap that stay for each request. */
async function kept(remember: (number: number) => unknown): Promise<number> {
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let number = 0; number < REQUESTS; number++) await remember(number);
  gc();
  return (process.memoryUsage().heapUsed - before) / REQUESTS;
}

test('phones that never answer', async () => {
  const unanswered = new Unanswered(() => 0);
  const asked = (number: number) => {
    const from = piece(`<sip:eve${number}@example.org>`);
    const req: Partial<SipRequest> = { source_address: '192.0.2.1', get: () => from };
    unanswered.asked(req as SipRequest);
  };
  expect(await kept(asked)).toBeLessThan(SIZE / 10);
  unanswered.answered({ source_address: '', get: () => '' } as unknown as SipRequest);
});

test('users whose password is wrong', async () => {
  const users = new CachedUsers(
    { find: () => Promise.resolve(undefined), any: () => Promise.resolve(true) },
    { life: 60, now: () => 0 },
  );
  const asked = (number: number) => {
    const sent = piece(`somebody-${number}-else`);
    return users.isRight({ username: sent, sent, domain: 'example.org', realm: 'example.org' }, () => false);
  };
  expect(await kept(asked)).toBeLessThan(SIZE / 10);
  users.forget('bob@example.org');
});

test('addresses that were looked for in a list of networks', async () => {
  const networks = networksOf(['192.0.2.0/24']);
  const asked = (number: number) => networks.has(piece(`2001:db8:0:0:0:0:0:${number.toString(16)}`));
  expect(await kept(asked)).toBeLessThan(SIZE / 10);
  expect(networks.has('192.0.2.1')).toBe(true);
});
