/** In the domain `localhost`, the first that a newcomer tries, senders came as `alice@127.0.0.1:5060`: replies went nowhere. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LampPhone } from '../support/lamp-phone.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';

let node: TestNode;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  node = await startNode();
  ends.push(() => node.close());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const options = () => ({ server: node.server, domain: 'localhost' });
async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, options());
  ends.push(() => started.close());
  return started;
}
/** The URI of a header; hosts have no case. */
const uri = (message: Sip, header: string) => /<([^>]+)>/.exec(message.header(header))?.[1]?.toLowerCase();

test('a sender can be answered, from the silo and live', async () => {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  const headers = { 'P-Asserted-Identity': '<sip:alice@localhost>' };
  const answer = await alice.message('bob', 'one', { headers });
  expect([answer.status, uri(answer, 'From'), uri(answer, 'To')]).toEqual([
    202,
    'sip:alice@localhost',
    'sip:bob@localhost',
  ]);
  await bob.register({ expires: 600 });
  await bob.received(1);
  await alice.message('bob', 'two', { headers });
  await bob.received(2);
  for (const message of bob.messages)
    expect(['From', 'To', 'P-Asserted-Identity'].map((name) => uri(message, name))).toEqual([
      'sip:alice@localhost',
      'sip:bob@localhost',
      'sip:alice@localhost',
    ]);
});

test('a phone that calls its own host localhost finds its contact in the answer, and is reached', async () => {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  const contact = bob.contact.replace('127.0.0.1', 'localhost');
  expect(uri(await bob.register({ contact, expires: 600 }), 'Contact')).toBe(contact.slice(1, -1));
  expect((await alice.message('bob', 'one')).status).toBe(200);
  expect(bob.texts).toEqual(['one']);
});

test('a lamp keeps its dialog, also when the phone has moved', async () => {
  const lamp = await LampPhone.start('bob', options());
  ends.push(() => lamp.close());
  const line = await lamp.subscribe();
  await lamp.notified(1);
  await lamp.again(line, { Contact: lamp.phone.contact.replace('>', ';x=1>') });
  const all = await lamp.notified(2);
  expect(all.map((notify) => [uri(notify, 'From'), uri(notify, 'To')])).toEqual(
    Array(2).fill(['sip:bob@localhost', 'sip:bob@localhost']),
  );
});
