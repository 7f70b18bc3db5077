/** What is sent to a `sips:` address goes over TLS or waits (RFC 5630), whatever else the recipient has registered. */
import { afterEach, describe, expect, test } from 'vitest';
import { isSecure } from '../../lib/sip/read/next-hop.ts';
import { wayTo } from '../../lib/sip/drachtio/way.ts';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode | undefined;
const phones: Phone[] = [];
afterEach(async () => {
  for (const phone of phones.splice(0)) phone.close();
  await node?.close();
  node = undefined;
});

async function start(options: TestNodeOptions = {}): Promise<readonly [alice: Phone, bob: Phone]> {
  node = await startNode(options);
  return [await phone('alice'), await phone('bob')];
}

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, { server: node!.server });
  phones.push(started);
  return started;
}

const SECURE = { uri: 'sips:bob@example.org' };
const PLAIN = { uri: 'sip:bob@example.org', to: '<sips:bob@example.org>' };
const waiting = async () =>
  (await node!.store.waiting('bob@example.org', 0, 10)).map(({ body }) => body.toString());

describe.each(['first', 'every'] as const)('delivering to %s', (deliverTo) => {
  test('a live one waits when there is no secure contact, and stops nobody else', async () => {
    const [alice, bob] = await start({ silo: { deliverTo } });
    await bob.register();
    expect((await alice.message('bob', 'secret', SECURE)).status).toBe(202);
    expect((await alice.message('bob', 'plain', PLAIN)).status).toBeLessThan(300);
    await bob.received(1);
    await expect.poll(waiting).toEqual(['secret']);
    await bob.register();
    expect((await alice.message('bob', 'more', PLAIN)).status).toBeLessThan(300);
    await bob.received(2);
    expect(bob.texts).toEqual(['plain', 'more']);
    await expect.poll(waiting).toEqual(['secret']);
  });

  test('a stored one is not sent to a plain contact, nor to one that is only transport=tls', async () => {
    const [alice, bob] = await start({ silo: { deliverTo } });
    for (const [text, uri] of Object.entries({ secret: SECURE, plain: PLAIN }))
      expect((await alice.message('bob', text, uri)).status).toBe(202);
    await bob.register({ contact: `${bob.contact}, <sip:bob@127.0.0.1:1;transport=tls>;q=0.1` });
    await bob.received(1);
    await bob.heard();
    expect(bob.texts).toEqual(['plain']);
    expect(await waiting()).toContain('secret');
  });
});

test('nobody but the address says that a message is to go over TLS', async () => {
  const [alice, bob] = await start();
  const forged = {
    'X-Silo-Secure': 'yes',
    'x-silo-secure ': 'yes',
    'Not-X-Silo-Secure': 'yes',
    Subject: 'X-Silo-Secure: yes',
  };
  for (const [name, value] of Object.entries(forged))
    expect((await alice.message('bob', name, { headers: { [name]: value } })).status).toBe(202);
  await bob.register();
  await bob.received(4);
  expect((await alice.message('bob', 'live', { headers: forged })).status).toBeLessThan(300);
  await bob.received(5);
  expect(bob.texts).toEqual([...Object.keys(forged), 'live']);
});

test('that must not wait gets 480', async () => {
  const [alice, bob] = await start();
  await bob.register();
  expect((await alice.message('bob', 'now', { ...SECURE, headers: { Expires: '0' } })).status).toBe(480);
  expect((await alice.message('bob', 'now', { ...PLAIN, headers: { Expires: '0' } })).status).toBe(200);
  expect(bob.texts).toEqual(['now']);
});

test('of two contacts only the secure one is tried', async () => {
  const [alice, bob] = await start({ silo: { liveTimeout: 300 } });
  await bob.register({ contact: `${bob.contact}, <sips:bob@127.0.0.1:1>` });
  const { start: answer } = await alice.message('bob', 'secret', SECURE);
  expect(answer).toContain('202');
  await bob.heard();
  expect(bob.messages).toEqual([]);
  expect(await waiting()).toEqual(['secret']);
});

test('the mark of it is ours: a sender can not set it, and no device sees it', async () => {
  const [alice, bob] = await start();
  await alice.message('bob', 'plain', { ...PLAIN, headers: { 'X-Silo-Secure': 'yes' } });
  await bob.register();
  await bob.received(1);
  expect(bob.messages[0]?.header('X-Silo-Secure')).toBe('');
});

describe('secure is', () => {
  const tls = { address: '192.0.2.1', port: 5061, protocol: 'tls' };
  const udp = { address: '192.0.2.1', port: 5060, protocol: 'udp' };
  const edge = '<sips:token@edge.example.org;lr>';
  test.each([
    ['sips:bob@192.0.2.1', [], tls, '', true],
    ['SIPS:bob@192.0.2.1', [], udp, '', true],
    ['sips:bob@10.0.0.1', [], tls, '', true],
    ['sips:bob@10.0.0.1', [], udp, '', false],
    ['sip:bob@192.0.2.1;transport=tls', [], tls, '', false],
    ['sips:bob@10.0.0.1', [edge], tls, '', true],
    ['sips:bob@10.0.0.1', [edge, '<sip:inner.example.org;lr>'], tls, '', false],
    ['sips:bob@192.0.2.1', [], tls, 'sip:proxy.example.org', false],
    ['sips:bob@192.0.2.1', [], tls, 'sip:proxy.example.org;transport=TLS', true],
  ])(
    '%s along %j, registered from %o, by way of "%s": %s',
    (contact, path, source, outboundProxy, secure) => {
      const location = { contact, path, source };
      expect(isSecure(location, outboundProxy)).toBe(secure);
      expect('uri' in wayTo(location, outboundProxy, true)).toBe(secure);
      expect('uri' in wayTo(location, outboundProxy)).toBe(true);
    },
  );
});
