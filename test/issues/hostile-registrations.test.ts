/** What a REGISTER may hold without harm to the mail of its own user or to anybody else. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { idle } from '../support/sentinel.ts';
import { until } from '../support/until.ts';

let node: TestNode;
let phones: Phone[];
beforeEach(async () => {
  phones = [];
  node = await startNode({ front: { faults: { wedge: true } }, silo: { liveTimeout: 300 } });
});
afterEach(async () => {
  for (const phone of phones) phone.close();
  await node.close();
});
async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server });
  phones.push(started);
  return started;
}

test('many long contacts never make an answer that drachtio chokes on', async () => {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  for (let i = 0; i < 10; i++)
    await bob.register({ contact: `<sip:bob@192.0.2.1:${5000 + i};pn=${'x'.repeat(430)}>`, expires: 600 });
  for (let i = 0; i < 3; i++)
    expect(
      (await bob.register({ contact: `<sip:bob@192.0.2.1;pn=${'x'.repeat(1400 + i)}>`, expires: 600 }))
        .status,
    ).toBe(400);
  expect((await alice.message('carol', 'still here')).status).toBe(202);
  const answer = await bob.register({ contact: '' });
  expect(answer.status).toBe(200);
});

test('a REGISTER with more contacts than anybody has is refused with their number, and binds none', async () => {
  const bob = await phone('bob');
  const many = Array.from({ length: 150 }, (_, nth) => `<sip:b@192.0.2.1:${1000 + nth}>`).join(',');
  const refused = await bob.register({ contact: many, expires: 600 });
  expect(refused.status).toBe(403);
  expect(refused.start).toContain('This REGISTER has 150 contacts; at most 100 of one request are taken.');
  const bindings = await bob.register({ contact: '' });
  expect([bindings.status, bindings.headers.filter(([name]) => name === 'Contact')]).toEqual([200, []]);
});

test('a Path that is too long to be kept or for the Request-URI is refused, and a shorter one is followed', async () => {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  const long = (length: number) =>
    `<sip:${'e'.repeat(length)}@127.0.0.1:${bob.contact.split(':').at(-1)!.replace(/\D.*/, '')};lr>`;
  const register = (...path: string[]) => bob.register({ expires: 600, headers: { Path: path.join(', ') } });
  expect((await register(...Array<string>(5).fill(long(450)))).status).toBe(400);
  await alice.message('bob', 'one');
  expect((await register(long(10), long(400))).status).toBe(400);
  await idle(node, bob);
  expect(bob.messages).toHaveLength(0);
  expect((await register(long(10), long(340))).status).toBe(200);
  await bob.received(1);
  expect(bob.messages[0]!.headers.filter(([name]) => name === 'Route').map(([, value]) => value)).toEqual([
    long(10),
    long(340),
  ]);
  await until(async () => expect(await node.store.ledger()).toMatchObject({ delivered: 1, dead: 0 }));
});

test('a message that only just fits never becomes a dead letter because of a long contact', async () => {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  let size = 11_400;
  let body: string;
  for (; ; size -= 20) {
    body = `${'x'.repeat(6000)}\r\n${'y'.repeat(size - 6002)}`;
    if ((await alice.message('bob', body)).status === 202) break;
  }
  expect(size).toBeGreaterThan(11_000);
  await bob.register({ contact: `<sip:bob@192.0.2.1;pn=${'x'.repeat(440)}>`, expires: 600 });
  await idle(node, bob);
  expect(await node.store.ledger()).toMatchObject({ waiting: 1, dead: 0 });
  await bob.register({ expires: 600 });
  await bob.received(1);
  expect(bob.texts).toEqual([body]);
});

test('a User-Agent or instance of any length is no obstacle', async () => {
  const bob = await phone('bob');
  const answer = await bob.register({
    expires: 600,
    params: `;+sip.instance="<urn:x:${'1'.repeat(300)}>"`,
    headers: { 'User-Agent': 'u'.repeat(400) },
  });
  expect(answer.status).toBe(200);
});
