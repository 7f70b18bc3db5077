/** A proxy's TCP connection ends, and with it the only way that drachtio-server takes to the phones behind: the operator is told. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onLog } from '../../lib/base/log.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { until } from '../support/until.ts';

let node: TestNode;
let alice: Phone;
const told: string[] = [];
let stopListening: () => unknown;
beforeEach(async () => {
  node = await startNode();
  alice = await Phone.start('alice', { server: node.server });
  told.length = 0;
  stopListening = onLog((_, _room, message) => told.push(message));
});
afterEach(async () => {
  stopListening();
  alice.close();
  await node.close();
});

const bob = 'bob@example.org';
const contact = '<sip:bob@192.0.2.7:5060>';

async function registered(proxy: Phone, path: boolean): Promise<void> {
  const { contact: own } = proxy;
  const headers = { Contact: path ? contact : own, Expires: '600' };
  const answer = await proxy.request('REGISTER', 'sip:example.org', bob, {
    ...headers,
    ...(path ? { Path: own.replace('>', ';lr>'), Supported: 'path' } : {}),
  });
  expect(answer.status).toBe(200);
}
const warnings = async () => (await node.silo.health()).warnings.join();
const aboutIt = () => told.filter((text) => text.includes('behind <sip:edge@'));

test('messages for a phone behind a proxy whose connection was closed wait, and log and health say why', async () => {
  const edge = await Phone.start('edge', { server: node.server, transport: 'tcp' });
  await registered(edge, true);
  expect((await alice.message('bob', 'along the connection')).status).toBe(200);
  expect(await warnings()).toBe('');
  edge.close();
  expect((await alice.message('bob', 'one')).status).toBe(202);
  expect(await warnings()).toMatch(/1 registered device can not be sent to: .* UDP .*behind-kamailio/);
  expect((await alice.message('bob', 'two')).status).toBe(202);
  expect(aboutIt()).toHaveLength(1);

  const again = await Phone.start('edge', { server: node.server, transport: 'tcp' });
  await registered(again, true);
  await until(() => again.texts.length === 2);
  expect(again.texts).toEqual(['one', 'two']);
  expect(await warnings()).toBe('');
  again.close();
});

test('a phone of its own that has closed its connection is just away', async () => {
  const phone = await Phone.start('bob', { server: node.server, transport: 'tcp' });
  await registered(phone, false);
  phone.close();
  expect((await alice.message('bob', 'one')).status).toBe(202);
  expect(await warnings()).toBe('');
});
