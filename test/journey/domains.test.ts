import { expect, test } from 'vitest';
import { journey, sendAll, type Transport } from './journey.ts';

const world = journey({ SILO_DOMAINS: 'example.org, second.example' });

test('a message for an unknown domain is answered with 404', async () => {
  const alice = await world.phone('alice');
  expect((await alice.message('bob@elsewhere.example', 'hello')).status).toBe(404);
});

test('a registration in an unknown domain is answered with 404', async () => {
  const eve = await world.phone('eve', { domain: 'elsewhere.example' });
  expect((await eve.register()).status).toBe(404);
});

test('the same name in two served domains is two people', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  const namesake = await world.another(bob, { domain: 'second.example' });
  await sendAll(alice, bob, ['for the first']);
  expect((await alice.message(namesake.aor, 'for the second')).status).toBe(202);
  await Promise.all([bob.register(), namesake.register()]);
  await Promise.all([bob.received(1), namesake.received(1)]);
  expect([bob.texts, namesake.texts]).toEqual([['for the first'], ['for the second']]);
});

test('a Request-URI of an unknown domain gives way to To when that is served', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  const uri = `sip:${bob.name}@phone.elsewhere.example`;
  expect((await alice.message(bob.name, 'hello', { uri })).status).toBe(202);
  await bob.register();
  await bob.received(1);
  expect(bob.texts).toEqual(['hello']);
});

test.each<Transport>(['udp', 'tcp'])(
  'OPTIONS over %s is answered with 200 and what is allowed',
  async (transport) => {
    const alice = await world.phone('alice', { transport });
    const answer = await alice.request('OPTIONS', 'sip:example.org', 'example.org', { Accept: '*/*' });
    expect(answer.status).toBe(200);
    expect(answer.header('Allow')).toContain('MESSAGE');
  },
);
