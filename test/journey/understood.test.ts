/** What nobody here understands is refused (RFC 3261 8.2.2), and an abstract address is the one of the same user. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';
import { fresh } from './journey.ts';

let node: TestNode;
let alice: Phone;
const phones: Phone[] = [];
beforeAll(async () => {
  const domains = ['example.org'];
  node = await startNode({
    silo: { domains, telDomain: 'example.org' },
    mwi: { domains, telDomain: 'example.org', publishers: ['127.0.0.0/8'] },
  });
  alice = await phone('alice');
});
afterAll(async () => {
  for (const phone of phones) phone.close();
  await node.close();
});

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(fresh(name), { server: node.server });
  phones.push(started);
  return started;
}

const EVENT = { Event: 'message-summary' };
const SUMMARY = Buffer.from('Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n');

/** A request of alice for herself that would be served. */
function ask(
  method: string,
  headers: Readonly<Record<string, string>>,
  uri = `sip:${alice.aor}`,
): Promise<Sip> {
  const contact = { Contact: alice.contact };
  if (method === 'MESSAGE') return alice.message(alice.aor, 'hello', { headers, uri });
  if (method === 'PUBLISH') {
    const type = { 'Content-Type': 'application/simple-message-summary' };
    return alice.request(method, uri, alice.aor, { ...EVENT, ...type, ...headers }, SUMMARY);
  }
  return alice.request(method, uri, alice.aor, { ...EVENT, ...contact, Expires: '0', ...headers });
}

const METHODS = ['REGISTER', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'OPTIONS'];

describe.each(METHODS)('a %s', (method) => {
  test('that requires what is not known gets 420 and the names of that', async () => {
    const answer = await ask(method, { Require: 'recipient-list-message, Foo' });
    expect([answer.status, answer.header('Unsupported')]).toEqual([420, 'recipient-list-message, Foo']);
    expect((await ask(method, {})).status).toBeLessThan(300);
  });

  test('with a Proxy-Require that is not known gets 420 only where this is the proxy of somebody', async () => {
    const answer = await ask(method, { 'Proxy-Require': 'foo' });
    if (method !== 'MESSAGE') expect(answer.status).toBeLessThan(300);
    else expect([answer.status, answer.header('Unsupported')]).toEqual([420, 'foo']);
    expect((await ask(method, { 'Proxy-Require': 'Privacy' })).status).toBeLessThan(300);
  });

  test.each(['nobodyknows:opaque', 'mailto:bob@example.org', 'urn:service:sos', 'http://example.org/'])(
    'to %s gets 416',
    async (uri) => {
      const { status } = await ask(method, {}, uri);
      expect(status).toBe(416);
    },
  );
});

test('a list of extensions that no answer has room for gets 420 all the same, with the first of their names', async () => {
  const caller = await Phone.start(fresh('caller'), { server: node.server, transport: 'tcp' });
  phones.push(caller);
  const Require = Array.from({ length: 5_000 }, (_, i) => `${i % 100 === 0 ? '\r\n ' : ''}tag${i}`).join(',');
  for (const method of ['OPTIONS', 'MESSAGE', 'REGISTER']) {
    const answer = await caller.request(method, `sip:${caller.aor}`, caller.aor, {
      Contact: caller.contact,
      Require,
    });
    expect([method, answer.status]).toEqual([method, 420]);
    expect(answer.header('Unsupported')).toMatch(/^tag0, tag1, tag2, (tag\d+, )+tag\d+$/);
  }
  const twice = await ask('OPTIONS', { Require: 'foo, foo, bar' });
  expect(twice.header('Unsupported')).toBe('foo, bar');
  // One name that is longer than any.
  expect((await ask('OPTIONS', { Require: 'x'.repeat(6_000) })).status).toBe(420);
});

test('a REGISTER may require path, in any case', async () => {
  expect((await ask('REGISTER', { Require: 'PATH' })).status).toBe(200);
});

test('a MESSAGE that requires something is not taken for a live recipient either', async () => {
  const bob = await phone('bob');
  await bob.register();
  const answer = await alice.message(bob.name, 'list', { headers: { Require: 'recipient-list-message' } });
  expect(answer.status).toBe(420);
  await bob.heard();
  expect(bob.messages).toEqual([]);
});

describe('a MESSAGE to an abstract address', () => {
  test.each(['im:', 'IM:', 'pres:'])('%s goes to the box of the same user', async (scheme) => {
    const bob = await phone('bob');
    const uri = `${scheme}${bob.aor}`;
    expect((await alice.message(bob.name, 'one', { uri, to: `<${uri}>` })).status).toBe(202);
    expect((await alice.message(bob.name, 'two', { uri: `${uri}?Subject=x`, to: uri })).status).toBe(202);
    await bob.register();
    await bob.received(2);
    await expect.poll(() => node.store.waiting(bob.aor, 0, 1)).toEqual([]);
    expect((await alice.message(bob.name, 'three', { uri, to: `<${uri}>` })).status).toBe(200);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
    expect(bob.messages[0]?.header('To')).toBe(`<${uri}>`);
  });

  test.each(['im:example.org', 'im:bob@elsewhere.example'])(
    'without a user here gets 404: %s',
    async (uri) => {
      expect((await alice.message('bob', 'hello', { uri, to: `<${uri}>` })).status).toBe(404);
    },
  );

  test('tel: is a user here with a domain for it', async () => {
    const uri = 'tel:+1-201-555-0123';
    expect((await alice.message('x', 'hello', { uri, to: `<${uri}>` })).status).toBe(202);
    expect(await node.store.waiting('+12015550123@example.org', 0, 1)).toHaveLength(1);
  });
});

test('somebody may register and watch under the abstract address, too', async () => {
  const bob = await phone('bob');
  const To = `<im:${bob.aor}>`;
  expect((await bob.register({ headers: { To } })).status).toBe(200);
  expect(await node.registrar.find(bob.aor)).toHaveLength(1);
  const watch = { ...EVENT, Contact: bob.contact, From: `<pres:${bob.aor}>;tag=1`, To: `<pres:${bob.aor}>` };
  expect((await bob.request('SUBSCRIBE', `pres:${bob.aor}`, bob.aor, watch)).status).toBe(200);
});
