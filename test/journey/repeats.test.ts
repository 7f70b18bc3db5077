import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';
import { journey, sendAll, type Transport } from './journey.ts';

const world = journey();

/** What makes a MESSAGE the same one again. */
function identity(): { readonly callId: string; readonly cseq: number; readonly tag: string } {
  return { callId: randomBytes(8).toString('hex'), cseq: 7, tag: randomBytes(4).toString('hex') };
}

describe.concurrent('a MESSAGE that comes twice', () => {
  test('as a retransmission (same branch) gets the same 202 and is stored once', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const same = { ...identity(), branch: `z9hG4bK${randomBytes(8).toString('hex')}` };
    for (let copy = 0; copy < 3; copy++)
      expect((await alice.message(bob.name, 'once', same)).status).toBe(202);
    await bob.register();
    await bob.received(1);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['once']);
  });

  test('as three datagrams in one breath is stored once', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const request = byHand(alice, bob);
    for (let copy = 0; copy < 3; copy++) alice.send(request);
    await sendAll(alice, bob, ['after']);
    await bob.register();
    await bob.received(2);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['by hand', 'after']);
  });

  test.each<Transport>(['udp', 'tcp'])(
    'as a repeat in a new transaction gets the same 202 and is stored once (%s)',
    async (transport) => {
      const alice = await world.phone('alice', { transport });
      const bob = await world.phone('bob', { transport });
      const same = identity();
      for (let copy = 0; copy < 3; copy++)
        expect((await alice.message(bob.name, 'once', same)).status).toBe(202);
      await bob.register();
      await bob.received(1);
      await nothingMore(bob);
      expect(bob.texts).toEqual(['once']);
    },
  );

  test('in a new transaction at the same moment is stored once', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const same = identity();
    const answers = await Promise.all([1, 2, 3, 4].map(() => alice.message(bob.name, 'once', same)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    await bob.register();
    await bob.received(1);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['once']);
  });

  test('the second time after it was delivered from the silo is not delivered again', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const same = identity();
    expect((await alice.message(bob.name, 'once', same)).status).toBe(202);
    await bob.register();
    await bob.received(1);
    await bob.unregister();
    expect((await alice.message(bob.name, 'once', same)).status).toBe(202);
    await bob.register();
    await bob.received(1);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['once']);
  });

  test.each([
    ['CSeq', { cseq: 8 }],
    ['From tag', { tag: 'another' }],
    ['Call-ID', { callId: randomBytes(8).toString('hex') }],
  ])('with another %s is another message', async (_, difference) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const same = identity();
    expect((await alice.message(bob.name, 'first', same)).status).toBe(202);
    expect((await alice.message(bob.name, 'second', { ...same, ...difference })).status).toBe(202);
    await bob.register();
    await bob.received(2);
    expect(bob.texts).toEqual(['first', 'second']);
    // Nor do they share a Call-ID on their way out, or a client would take one for a copy of the other.
    expect(bob.messages[0]?.header('Call-ID')).not.toBe(bob.messages[1]?.header('Call-ID'));
  });

  test('for two recipients is a message for each', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const carol = await world.phone('carol');
    const same = identity();
    for (const phone of [bob, carol])
      expect((await alice.message(phone.name, 'both', same)).status).toBe(202);
    await Promise.all([bob.register(), carol.register()]);
    await Promise.all([bob.received(1), carol.received(1)]);
    expect([bob.texts, carol.texts]).toEqual([['both'], ['both']]);
  });
});

function byHand(from: Phone, to: Phone): Buffer {
  const port = /:(\d+)>/.exec(from.contact)?.[1] ?? '';
  return Buffer.from(
    `MESSAGE sip:${to.aor} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${randomBytes(8).toString('hex')}\r\n` +
      `Max-Forwards: 70\r\nFrom: <sip:${from.aor}>;tag=1\r\nTo: <sip:${to.aor}>\r\nCall-ID: ${randomBytes(8).toString('hex')}\r\n` +
      'CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nby hand',
  );
}
