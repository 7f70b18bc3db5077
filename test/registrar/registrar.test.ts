import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRegistrar } from '../../lib/registrar/registrar.ts';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';

let node: TestNode;
let bob: Phone;
let time = 1_800_000_000;

beforeEach(async () => {
  time = 1_800_000_000;
  node = await startNode({
    now: () => time,
    registrar: {
      minExpires: 60,
      maxExpires: 3600,
      defaultExpires: 1800,
      maxContacts: 3,
      domains: ['example.org'],
    },
  });
  bob = await Phone.start('bob', { server: node.server });
});
afterEach(async () => {
  bob.close();
  await node.close();
});
const contacts = async () =>
  (await node.registrar.find('bob@example.org')).map((binding) => binding.contact).sort();
/** The Contact entries of an answer, on however many lines. */
const listed = (answer: Sip) =>
  answer.headers
    .filter(([name]) => name === 'Contact')
    .map(([, value]) => value)
    .join(', ');
const C1 = '<sip:bob@192.0.2.1>';
const C2 = '<sip:bob@192.0.2.2>';

describe('REGISTER', () => {
  test('binds a contact, says for how long, and has a Date', async () => {
    const answer = await bob.register({ contact: C1, expires: 600 });
    expect(answer.status).toBe(200);
    expect(listed(answer)).toBe('<sip:bob@192.0.2.1>;expires=600');
    expect(answer.header('Date')).toBe(new Date(time * 1000).toUTCString());
  });

  test('each contact has its own expiry, q and instance; the header counts where the parameter is missing', async () => {
    const answer = await bob.register({
      contact: `${C1};expires=100;q=0.5, ${C2};+sip.instance="<urn:uuid:2>";reg-id=1`,
      expires: 900,
    });
    expect(listed(answer)).toBe(
      '<sip:bob@192.0.2.1>;q=0.5;expires=100, <sip:bob@192.0.2.2>;+sip.instance="<urn:uuid:2>";reg-id=1;expires=900',
    );
  });

  test('no expiry at all: the default; too long: the maximum', async () => {
    expect((await bob.register({ contact: C1 })).header('Contact')).toContain('expires=1800');
    expect((await bob.register({ contact: C1, expires: 90_000 })).header('Contact')).toContain(
      'expires=3600',
    );
  });

  test('too brief: 423 with Min-Expires, and nothing changes', async () => {
    const answer = await bob.register({ contact: `${C1}, ${C2};expires=5`, expires: 600 });
    expect([answer.status, answer.header('Min-Expires')]).toEqual([423, '60']);
    expect(await contacts()).toEqual([]);
  });

  test('a query changes nothing and lists all bindings with the time left', async () => {
    await bob.register({ contact: C1, expires: 600 });
    time += 100;
    const answer = await bob.register({ contact: '' });
    expect([answer.status, listed(answer)]).toEqual([200, '<sip:bob@192.0.2.1>;expires=500']);
  });

  test('expires=0 removes one contact, * removes all', async () => {
    await bob.register({ contact: `${C1}, ${C2}`, expires: 600 });
    expect(listed(await bob.register({ contact: `${C1};expires=0` }))).toBe(
      '<sip:bob@192.0.2.2>;expires=600',
    );
    const answer = await bob.register({ contact: '*', expires: 0 });
    expect([answer.status, listed(answer)]).toEqual([200, '']);
    expect(await contacts()).toEqual([]);
  });

  test('an expired binding is gone', async () => {
    await bob.register({ contact: C1, expires: 60 });
    time += 60;
    expect(await contacts()).toEqual([]);
  });

  test('an older REGISTER of the same Call-ID changes nothing and gets 500', async () => {
    await bob.register({ contact: C1, expires: 600, callId: 'x', cseq: 5 });
    expect((await bob.register({ contact: `${C1};expires=0`, callId: 'x', cseq: 5 })).status).toBe(500);
    expect((await bob.register({ contact: '*', expires: 0, callId: 'x', cseq: 4 })).status).toBe(500);
    expect(await contacts()).toEqual(['sip:bob@192.0.2.1']);
    expect((await bob.register({ contact: '*', expires: 0, callId: 'y', cseq: 1 })).status).toBe(200);
  });

  test('equal URIs in another spelling are one contact; the same instance and reg-id replaces its old contact', async () => {
    await bob.register({ contact: '<sip:bob@HOST.example.org;transport=udp>', expires: 600 });
    await bob.register({ contact: '<sip:bob@host.example.org;transport=UDP>', expires: 600 });
    expect(await contacts()).toHaveLength(1);
    await bob.register({ contact: `${C1};+sip.instance="<urn:uuid:1>";reg-id=1`, expires: 600 });
    await bob.register({ contact: `${C2};+sip.instance="<urn:uuid:1>";reg-id=1`, expires: 600 });
    expect(await contacts()).toEqual(['sip:bob@192.0.2.2', 'sip:bob@host.example.org;transport=UDP']);
  });

  test('one contact too many: 403', async () => {
    await bob.register({ contact: `${C1}, ${C2}`, expires: 600 });
    const answer = await bob.register({ contact: '<sip:bob@192.0.2.3>, <sip:bob@192.0.2.4>', expires: 600 });
    expect(answer.status).toBe(403);
    expect(await contacts()).toHaveLength(2);
  });

  test('Path is kept, and echoed to a phone that supports it', async () => {
    const path = '<sip:edge.example.org;lr>';
    const answer = await bob.register({
      contact: C1,
      expires: 600,
      headers: { Path: path, Supported: 'path' },
    });
    expect(answer.header('Path')).toBe(path);
    expect((await node.registrar.find('bob@example.org'))[0]!.path).toEqual([path]);
  });

  test.each([
    ['an unknown Require', 420, { contact: C1, headers: { Require: 'gruu, nonsense' } }],
    ['an unreadable Contact', 400, { contact: '<sip:bob@' }],
    ['an unreadable Expires', 400, { contact: C1, headers: { Expires: 'soon' } }],
    ['* with another contact', 400, { contact: `*, ${C1}`, expires: 0 }],
  ])('%s: %d', async (_, status, options) => {
    expect((await bob.register(options)).status).toBe(status);
    expect(await contacts()).toEqual([]);
  });

  test('420 names what is not supported', async () => {
    expect(
      (await bob.register({ contact: C1, headers: { Require: 'path, gruu' } })).header('Unsupported'),
    ).toBe('gruu');
  });

  test('a domain that is not served: 404', async () => {
    const stranger = await Phone.start('bob', { server: node.server, domain: 'example.net' });
    expect((await stranger.register({ contact: C1 })).status).toBe(404);
    stranger.close();
  });
});

test('without a clock it has its own', async () => {
  await node.close();
  const chain: TestNodeOptions['chain'] = ({ srf, port, store }) =>
    srf.use('register', createRegistrar({ port, store }).onRegister);
  node = await startNode({ chain });
  bob.close();
  bob = await Phone.start('bob', { server: node.server });
  const answer = await bob.register({ contact: C1, expires: 600 });
  expect([answer.status, listed(answer)]).toEqual([200, '<sip:bob@192.0.2.1>;expires=600']);
});
