/** Requests to places that somebody else has named: over a connection first, until one has answered. */
import { describe, expect, test } from 'vitest';
import type { Answer, OutgoingRequest } from '../../../lib/sip/drachtio/messages.ts';
import { isThisMachine, sendShown } from '../../../lib/sip/drachtio/shown.ts';

const UDP = 'sip:192.0.2.7:5062';
const TCP = 'sip:192.0.2.7:5062;transport=tcp';

function answerOf(status: number, origin: Answer['origin']): Answer {
  return { status, reason: '', origin, header: () => undefined };
}

/** A server whose next answers are these, the last one for all that follow. */
function wire(...answers: Answer[]) {
  const clock = { now: 0 };
  const hops: (string | undefined)[] = [];
  const send = (request: OutgoingRequest): Promise<Answer> => {
    hops.push(request.proxy);
    const [next = answerOf(200, 'peer')] = answers;
    if (answers.length > 1) answers.shift();
    return Promise.resolve(next);
  };
  return { hops, clock, send: sendShown(send, isThisMachine, () => clock.now) };
}

function toward(proxy: string | undefined, namedBy: string | undefined, uri = 'sip:bob@192.0.2.1') {
  return { method: 'MESSAGE', uri, proxy, namedBy, headers: {} };
}

test('a place that has answered once is sent to as it was named', async () => {
  const { hops, send } = wire(answerOf(486, 'peer'));
  await send(toward(UDP, '203.0.113.9'));
  await send(toward(UDP, '203.0.113.9'));
  expect(hops).toEqual([TCP, UDP]);
});

describe('a place that does not answer over TCP', () => {
  test('is left alone for a minute, whatever the port', async () => {
    const { hops, clock, send } = wire(answerOf(503, 'stack'));
    await send(toward(UDP, '203.0.113.9'));
    const answer = await send(toward('sip:192.0.2.7:5099', '203.0.113.9'));
    expect(answer).toMatchObject({ status: 503, origin: 'stack' });
    expect(answer.reason).toContain('192.0.2.7 has not shown that it listens: SILO_TRUST');
    expect(hops).toEqual([TCP]);
    clock.now += 60_000;
    await send(toward(UDP, '203.0.113.9'));
    expect(hops).toEqual([TCP, TCP]);
  });

  test('is asked once at a time', async () => {
    const { hops, send } = wire(answerOf(408, 'stack'));
    await Promise.all([1, 2, 3].map(() => send(toward(UDP, ''))));
    expect(hops).toEqual([TCP]);
  });
});

test.each([
  ['where the device itself is', UDP, undefined],
  ['on this machine', 'sip:127.0.0.1:5062', '203.0.113.9'],
  ['that somebody on this machine has named', UDP, '127.0.0.1'],
])('what goes %s goes at once', async (_, proxy, namedBy) => {
  const { hops, send } = wire();
  await send(toward(proxy, namedBy));
  expect(hops).toEqual([proxy]);
});

test.each([
  ['sip:example.org;transport=udp', 'sip:example.org;transport=tcp'],
  ['sip:example.org;transport=tls', 'sip:example.org;transport=tls'],
  ['sips:example.org:5061', 'sips:example.org:5061;transport=tcp'],
  ['sip:bob@[2001:db8::1]:5070', 'sip:[2001:db8::1]:5070;transport=tcp'],
  ['sip:192.0.2.1;maddr=192.0.2.9', 'sip:192.0.2.9;transport=tcp'],
])('%s is asked as %s', async (proxy, asked) => {
  const { hops, send } = wire();
  await send(toward(proxy, ''));
  expect(hops).toEqual([asked]);
});

test('without a next hop it is the Request-URI that counts', async () => {
  const { hops, send } = wire();
  await send(toward(undefined, '', 'sip:bob@192.0.2.9:5060?Route=%3Csip:192.0.2.8%3E'));
  expect(hops).toEqual(['sip:192.0.2.9:5060;transport=tcp']);
});
