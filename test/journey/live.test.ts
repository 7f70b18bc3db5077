import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { nothingMore, othersServed } from '../support/sentinel.ts';
import { journey, numbered, sendAll, sendNext, type Transport } from './journey.ts';

/** ms until a live attempt gives up; long enough for twenty messages one after the other on a machine with other work. */
const LIVE = 2_000;
const world = journey({ SILO_LIVE_TIMEOUT: String(LIVE) });

test.each<[Transport, Transport]>([
  ['udp', 'udp'],
  ['udp', 'tcp'],
  ['tcp', 'udp'],
  ['tcp', 'tcp'],
])('a message from a phone on %s to a registered phone on %s is delivered live: 200', async (from, to) => {
  const alice = await world.phone('alice', { transport: from });
  const bob = await world.phone('bob', { transport: to });
  await bob.register();
  await sendAll(alice, bob, ['one', 'two'], 200);
  expect(bob.texts).toEqual(['one', 'two']);
  await bob.register();
  await nothingMore(bob);
  expect(bob.messages).toHaveLength(2);
});

describe.concurrent.each([404, 405, 408, 410, 415, 430, 480, 486, 500, 501, 503])(
  'a device that answers a live message with %d',
  (status) => {
    test('leaves the sender with 202, and gets the message when it registers again', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob', { react: () => status });
      await bob.register();
      await sendAll(alice, bob, ['hello']);
      expect(bob.texts).toEqual(['hello']);
      bob.react = () => 200;
      await bob.register();
      await bob.received(2);
      await bob.register();
      await nothingMore(bob);
      expect(bob.texts).toEqual(['hello', 'hello']);
      expect(bob.messages[1]?.header('Call-ID')).toBe(bob.messages[0]?.header('Call-ID'));
    });

    test('does not keep it from a new contact of the same person', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob', { react: () => status });
      await bob.register();
      await sendAll(alice, bob, ['hello']);
      const other = await world.another(bob);
      await other.register();
      await other.received(1);
      await othersServed(other);
      expect(other.texts).toEqual(['hello']);
    });
  },
);

test.concurrent.each<Transport>(['udp', 'tcp'])(
  'a device on %s that stays silent leaves the sender with 202 in time, and its successor gets the message',
  async (transport) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', { transport, react: () => 'silence' });
    await bob.register({ params: instance });
    const asked = performance.now();
    await sendAll(alice, bob, ['hello']);
    const waited = performance.now() - asked;
    expect(waited).toBeGreaterThan(LIVE - 50);
    expect(waited).toBeLessThan(5 * LIVE);
    const successor = await world.another(bob, { transport });
    await successor.register({ params: instance });
    await successor.received(1);
    await othersServed(successor);
    expect(successor.texts).toEqual(['hello']);
  },
);

test.concurrent(
  'a device that has gone without a word (its TCP connection is closed) leaves the sender with 202',
  async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', { transport: 'tcp' });
    await bob.register({ params: instance });
    bob.close();
    await sendAll(alice, bob, ['hello']);
    const successor = await world.another(bob, { transport: 'tcp' });
    await successor.register({ params: instance });
    await successor.received(1);
    expect(successor.texts).toEqual(['hello']);
  },
);

test.concurrent.each([400, 403, 406, 488, 600, 603, 604, 606])(
  'a device that answers with %d has refused: the sender hears it, and nothing is stored',
  async (status) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', { react: () => status });
    await bob.register();
    expect((await alice.message(bob.name, 'unwanted')).status).toBe(status);
    bob.react = () => 200;
    await bob.register();
    await nothingMore(bob);
    expect(bob.texts).toEqual(['unwanted']);
  },
);

test.concurrent(
  'a 200 that comes after the message was stored counts: it is not delivered twice',
  async () => {
    const alice = await world.phone('alice');
    let answer: (status: number) => void = () => undefined;
    const bob = await world.phone('bob', {
      react: () => new Promise<number>((resolve) => (answer = resolve)),
    });
    await bob.register();
    await sendAll(alice, bob, ['slow']);
    bob.react = () => 200;
    answer(200);
    await bob.register();
    await nothingMore(bob);
    expect(bob.texts).toEqual(['slow']);
    // 202 while the box is still being looked at.
    expect([200, 202]).toContain((await alice.message(bob.name, 'next')).status);
    await bob.received(2);
    expect(bob.texts).toEqual(['slow', 'next']);
  },
);

test.concurrent(
  'a 486 that comes after the message was stored changes nothing: it arrives at the next registration',
  async () => {
    const alice = await world.phone('alice');
    let answer: (status: number) => void = () => undefined;
    const bob = await world.phone('bob', {
      react: () => new Promise<number>((resolve) => (answer = resolve)),
    });
    await bob.register();
    await sendAll(alice, bob, ['slow']);
    bob.react = () => 200;
    answer(486);
    await bob.register();
    await bob.received(2);
    expect(bob.texts).toEqual(['slow', 'slow']);
  },
);

test('a message for a registered person whose mail still waits goes behind it', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', { react: () => 480 });
  await bob.register();
  await sendAll(alice, bob, ['one']);
  bob.react = () => 200;
  await sendAll(alice, bob, ['two', 'three']);
  expect(bob.texts).toEqual(['one']);
  await bob.register();
  await bob.received(4);
  expect(bob.texts).toEqual(['one', 'one', 'two', 'three']);
  await sendNext(alice, bob, 'four');
});

test('live messages from two senders reach a device one at a time', async () => {
  const [alice, carol] = [await world.phone('alice'), await world.phone('carol')];
  let flying = 0;
  let most = 0;
  const bob = await world.phone('bob', {
    react: async () => {
      most = Math.max(most, ++flying);
      await new Promise((resolve) => setImmediate(resolve));
      flying--;
      return 200;
    },
  });
  await bob.register();
  const send = (from: Phone) => Promise.all(numbered(10).map((text) => from.message(bob.name, text)));
  const answers = (await Promise.all([send(alice), send(carol)])).flat();
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(most).toBe(1);
  for (const { name } of [alice, carol])
    expect(
      bob.messages
        .filter((message) => message.header('From').includes(name))
        .map(({ body }) => body.toString()),
    ).toEqual(numbered(10));
});

test('a registered device that can not take MESSAGE is not sent one: the message waits', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  await bob.register({ headers: { Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS' } });
  await sendAll(alice, bob, ['hello']);
  await othersServed(bob);
  expect(bob.texts).toEqual([]);
  await bob.register({ headers: { Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE' } });
  await bob.received(1);
  expect(bob.texts).toEqual(['hello']);
});

const instance = ';+sip.instance="<urn:uuid:00000000-0000-4000-8000-00000000000a>"';

describe('a proxy in front that says by a cause how its own attempt ended (RFC 4458)', () => {
  test.each([404, 408, 480, 486, 503])('%d: is spared a second one, and the message waits', async (cause) => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    await bob.register();
    const uri = `sip:${bob.aor};cause=${cause}`;
    expect((await alice.message(bob.name, 'tried', { uri })).status).toBe(202);
    await othersServed(bob);
    expect(bob.texts).toEqual([]);
    // Nothing overtakes it.
    await sendAll(alice, bob, ['behind it']);
    await bob.register();
    await bob.received(2);
    expect(bob.texts).toEqual(['tried', 'behind it']);
  });

  test('403: that is for nobody to store, so it is tried here', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    await bob.register();
    const uri = `sip:${bob.aor};cause=403`;
    expect((await alice.message(bob.name, 'live', { uri })).status).toBe(200);
  });
});
