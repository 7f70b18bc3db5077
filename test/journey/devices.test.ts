import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { nothingMore, othersServed } from '../support/sentinel.ts';
import { journey, numbered, sendAll, type Transport } from './journey.ts';

const world = journey();

describe.each<Transport>(['udp', 'tcp'])('two devices of one person over %s', (transport) => {
  test('the first device that takes a waiting message gets it, the second gets no copy', async () => {
    const alice = await world.phone('alice', { transport });
    const desk = await world.phone('bob', { transport });
    const mobile = await world.another(desk, { transport });
    await sendAll(alice, desk, numbered(5));
    await desk.register({ contact: contactOf(desk, 'desk') });
    await desk.received(5);
    await mobile.register({ contact: contactOf(mobile, 'mobile') });
    await othersServed(mobile);
    expect(desk.texts).toEqual(numbered(5));
    expect(mobile.texts).toEqual([]);
  });

  test('what one device refuses with 415 goes to the other one, and is not offered to the first again', async () => {
    const alice = await world.phone('alice', { transport });
    const desk = await world.phone('bob', { transport, react: () => 415 });
    const mobile = await world.another(desk, { transport });
    await sendAll(alice, desk, numbered(3));
    await desk.register({ contact: contactOf(desk, 'desk') });
    await desk.received(3);
    await mobile.register({ contact: contactOf(mobile, 'mobile') });
    await mobile.received(3);
    await desk.register({ contact: contactOf(desk, 'desk') });
    await othersServed(mobile);
    expect(desk.texts).toEqual(numbered(3));
    expect(mobile.texts).toEqual(numbered(3));
  });

  test('a live message goes to both devices, and the sender gets one 200', async () => {
    const alice = await world.phone('alice', { transport });
    const desk = await world.phone('bob', { transport });
    const mobile = await world.another(desk, { transport });
    await desk.register({ contact: contactOf(desk, 'desk') });
    await mobile.register({ contact: contactOf(mobile, 'mobile') });
    await sendAll(alice, desk, ['hello'], 200);
    await Promise.all([desk.received(1), mobile.received(1)]);
    expect([desk.texts, mobile.texts]).toEqual([['hello'], ['hello']]);
  });

  test('a live message that one device refuses and the other takes is delivered', async () => {
    const alice = await world.phone('alice', { transport });
    const desk = await world.phone('bob', { transport, react: () => 486 });
    const mobile = await world.another(desk, { transport });
    await desk.register({ contact: contactOf(desk, 'desk') });
    await mobile.register({ contact: contactOf(mobile, 'mobile') });
    await sendAll(alice, desk, ['hello'], 200);
    await mobile.received(1);
    await desk.register({ contact: contactOf(desk, 'desk') });
    await othersServed(desk);
    expect([desk.texts, mobile.texts]).toEqual([['hello'], ['hello']]);
  });
});

test('while two devices are registered, waiting messages go to the one with the higher q', async () => {
  const alice = await world.phone('alice');
  const desk = await world.phone('bob', { react: () => 480 });
  const mobile = await world.another(desk, { react: () => 480 });
  await desk.register({ params: ';q=0.3' });
  await mobile.register({ params: ';q=0.9' });
  await sendAll(alice, desk, ['hello']);
  expect([desk.messages.length, mobile.messages.length]).toEqual([1, 1]);
  desk.react = () => 200;
  mobile.react = () => 200;
  await desk.register({ params: ';q=0.3' });
  await mobile.received(2);
  await othersServed(desk);
  expect(desk.messages.length).toBe(1);
  expect(mobile.texts).toEqual(['hello', 'hello']);
});

test('two contacts in one REGISTER are two devices, each reached where its contact says', async () => {
  const alice = await world.phone('alice');
  const desk = await world.phone('bob');
  const mobile = await world.another(desk);
  const answer = await desk.register({ contact: `${desk.contact};q=0.2, ${mobile.contact};q=0.7` });
  const listed = answer.headers.filter(([name]) => name === 'Contact').map(([, value]) => value);
  expect(listed.join().match(/expires=/g)).toHaveLength(2);
  await sendAll(alice, desk, ['hello'], 200);
  await Promise.all([desk.received(1), mobile.received(1)]);
  await othersServed(desk);
  expect([desk.texts, mobile.texts]).toEqual([['hello'], ['hello']]);
});

test('a device that changes its contact in mid-dump gets the rest at the new one', async () => {
  const alice = await world.phone('alice');
  const instance = ';+sip.instance="<urn:uuid:00000000-0000-4000-8000-0123456789ab>"';
  const before = await world.phone('bob', {
    react: async (_, nth) => {
      if (nth === 3) await after.register({ params: instance });
      return 200;
    },
  });
  const after = await world.another(before);
  await sendAll(alice, before, numbered(8));
  await before.register({ params: instance });
  await after.received(5);
  await nothingMore(after);
  expect(before.texts).toEqual(numbered(3));
  expect(after.texts).toEqual(numbered(8).slice(3));
});

/** Its own user part: drachtio-server tells the connections of two TCP clients at one address apart by nothing else. */
function contactOf(phone: Phone, user: string): string {
  return phone.contact.replace(/^<sip:[^@]+/, `<sip:${phone.name}-${user}`);
}
