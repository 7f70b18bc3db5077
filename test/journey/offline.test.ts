import { describe, expect, test } from 'vitest';
import { nothingMore, othersServed } from '../support/sentinel.ts';
import { journey, numbered, sendAll, type Transport } from './journey.ts';

const world = journey();

describe.each<Transport>(['udp', 'tcp'])('over %s', (transport) => {
  test('a message for somebody who is not there gets 202, waits, and arrives in order at registration', async () => {
    const alice = await world.phone('alice', { transport });
    const bob = await world.phone('bob', { transport });
    await sendAll(alice, bob, ['one', 'two', 'three']);
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    await bob.received(3);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
    expect(bob.messages[0]?.header('From')).toContain(`<sip:${alice.aor}>`);
    expect(bob.messages[0]?.header('To')).toBe(`<sip:${bob.aor}>`);
    expect(bob.messages[0]?.start).toBe(`MESSAGE ${bob.contact.slice(1, -1)} SIP/2.0`);
  });

  test('200 messages that wait arrive in order, each once, one in flight at a time', async () => {
    const alice = await world.phone('alice', { transport });
    let flying = 0;
    let most = 0;
    const bob = await world.phone('bob', {
      transport,
      react: async () => {
        most = Math.max(most, ++flying);
        await new Promise((resolve) => setImmediate(resolve));
        flying--;
        return 200;
      },
    });
    const texts = numbered(200);
    await sendAll(alice, bob, texts);
    await bob.register();
    await bob.received(200);
    await nothingMore(bob);
    expect(bob.texts).toEqual(texts);
    expect(most).toBe(1);
  });

  test('messages that a sender pipelines without waiting for the 202 arrive in the order of sending', async () => {
    const alice = await world.phone('alice', { transport });
    const bob = await world.phone('bob', { transport });
    const texts = numbered(40);
    const answers = await Promise.all(texts.map((text) => alice.message(bob.name, text)));
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 202));
    await bob.register();
    await bob.received(40);
    expect(bob.texts).toEqual(texts);
  });

  test('un-REGISTER in mid-dump stops it after the one in flight, and the rest arrives at the next registration', async () => {
    const alice = await world.phone('alice', { transport });
    const bob = await world.phone('bob', {
      transport,
      react: async (_, nth) => {
        if (nth === 3) expect((await bob.unregister()).status).toBe(200);
        return 200;
      },
    });
    const texts = numbered(10);
    await sendAll(alice, bob, texts);
    await bob.register();
    await bob.received(3);
    await othersServed(bob);
    expect(bob.texts).toEqual(texts.slice(0, 3));
    await bob.register();
    await bob.received(10);
    await nothingMore(bob);
    expect(bob.texts).toEqual(texts);
  });

  test('messages that come in during a dump queue up behind it', async () => {
    const alice = await world.phone('alice', { transport });
    const late = numbered(5, 'late');
    const statuses: number[] = [];
    const bob = await world.phone('bob', {
      transport,
      react: async (_, nth) => {
        const text = nth <= late.length ? late[nth - 1] : undefined;
        if (text !== undefined) statuses.push((await alice.message(bob.name, text)).status);
        return 200;
      },
    });
    const waiting = numbered(20, 'waiting');
    await sendAll(alice, bob, waiting);
    await bob.register();
    await bob.received(25);
    await nothingMore(bob);
    expect(statuses).toEqual(late.map(() => 202));
    expect(bob.texts).toEqual([...waiting, ...late]);
  });

  test('the registrations of many people at once bring each of them their own messages', async () => {
    const alice = await world.phone('alice', { transport });
    const people = await Promise.all(numbered(20, 'p').map(() => world.phone('person', { transport })));
    for (const person of people)
      await sendAll(alice, person, [`first for ${person.name}`, `second for ${person.name}`]);
    await Promise.all(people.map((person) => person.register()));
    for (const person of people) {
      await person.received(2);
      expect(person.texts).toEqual([`first for ${person.name}`, `second for ${person.name}`]);
    }
  });
});

test('the 200 to the REGISTER comes before the first message', async () => {
  const seen: string[] = [];
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', {
    react: () => {
      seen.push('message');
      return 200;
    },
  });
  await sendAll(alice, bob, ['one']);
  await bob.register().then(({ status }) => seen.push(`registered ${status}`));
  await bob.received(1);
  expect(seen).toEqual(['registered 200', 'message']);
});

test('a message sent over UDP reaches a phone on TCP, and the other way round', async () => {
  const alice = await world.phone('alice', { transport: 'udp' });
  const bob = await world.phone('bob', { transport: 'tcp' });
  await sendAll(alice, bob, ['to tcp']);
  await sendAll(bob, alice, ['to udp']);
  await Promise.all([alice.register(), bob.register()]);
  await Promise.all([alice.received(1), bob.received(1)]);
  expect([alice.texts, bob.texts]).toEqual([['to udp'], ['to tcp']]);
});

test('a message to oneself waits and arrives', async () => {
  const bob = await world.phone('bob', { transport: 'tcp' });
  await sendAll(bob, bob, ['note to self']);
  await bob.register();
  await bob.received(1);
  expect(bob.texts).toEqual(['note to self']);
});

test('a message whose sender hangs up before the 202 is kept all the same', async () => {
  const alice = await world.phone('alice', { transport: 'tcp' });
  const bob = await world.phone('bob');
  void alice.message(bob.name, 'bye').catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  alice.close();
  await othersServed(bob);
  await bob.register();
  await bob.received(1);
  expect(bob.texts).toEqual(['bye']);
});

test('a device that answers 480 in mid-dump keeps the order: the rest waits for its next registration', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', { react: (_, nth) => (nth === 3 ? 480 : 200) });
  await sendAll(alice, bob, numbered(6));
  await bob.register();
  await bob.received(3);
  await othersServed(bob);
  expect(bob.texts).toEqual(numbered(3));
  await bob.register();
  await bob.received(7);
  expect(bob.texts).toEqual([...numbered(3), ...numbered(6).slice(2)]);
});

test('a message that the device refuses for good does not hold up those behind it', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', {
    react: (request) => ({ poison: 400, unwanted: 603, unreadable: 415 })[request.body.toString()] ?? 200,
  });
  const texts = ['one', 'poison', 'two', 'unwanted', 'three', 'unreadable', 'four'];
  await sendAll(alice, bob, texts);
  await bob.register();
  await bob.received(7);
  expect(bob.texts).toEqual(texts);
  await bob.register();
  await nothingMore(bob);
  expect(bob.texts).toEqual(texts);
});
