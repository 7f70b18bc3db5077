/** Whatever we send to a device goes along the Path of its registration; what could not go is said at once. */
import { afterEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { until } from '../support/until.ts';

let node: TestNode;
const closing: { close(): void }[] = [];
afterEach(async () => {
  for (const phone of closing.splice(0)) phone.close();
  await node.close();
});

const CONTACT = 'sip:device@192.0.2.7:5062;transport=tcp';
const INNER = '<sip:inner.example.org;lr;received=sip:10.0.0.1:4000%3Btransport%3Dtcp>';

/** An edge proxy: it only notes what comes to it, and says 200. */
async function start(options: TestNodeOptions = {}) {
  node = await startNode(options);
  const edge = await phone('edge');
  const port = /:(\d+)>/.exec(edge.contact)?.[1] ?? '';
  const path = [`<sip:token@127.0.0.1:${port};lr>`, INNER];
  return { edge, path, headers: { Path: path.join(', ') } };
}

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server });
  closing.push(started);
  return started;
}

function routesOf(request: Sip | undefined): string {
  const routes = request?.headers.filter(([name]) => name === 'Route') ?? [];
  return routes.map(([, value]) => value).join(', ');
}

async function arrived(edge: Phone, method: string): Promise<Sip> {
  const found = () => edge.requests.find((request) => request.method === method);
  await until(() => found() !== undefined);
  return found()!;
}

describe('along its Path to a device goes', () => {
  test('a stored message, and a live one', async () => {
    const { edge, path, headers } = await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await alice.message('bob', 'stored');
    await bob.register({ contact: `<${CONTACT}>`, expires: 600, headers });
    await edge.received(1);
    await expect.poll(async () => (await node.store.ledger()).waiting).toBe(0);
    expect((await alice.message('bob', 'live')).status).toBe(200);
    expect(edge.texts).toEqual(['stored', 'live']);
    for (const message of edge.messages) {
      expect(message.start).toBe(`MESSAGE ${CONTACT} SIP/2.0`);
      expect(routesOf(message)).toBe(path.join(', '));
      expect(message.header('To')).toBe('<sip:bob@example.org>');
      expect(message.header('From')).toContain('<sip:alice@example.org>;tag=');
    }
  });

  test('a notice to its user, who wrote to somebody who is away', async () => {
    const { edge, path, headers } = await start({
      silo: { noticeFrom: 'sip:silo@example.org', noticeBody: 'stored for {user}' },
    });
    const alice = await phone('alice');
    await alice.register({ contact: `<${CONTACT}>`, expires: 600, headers });
    await alice.message('bob', 'hello');
    const notice = await arrived(edge, 'MESSAGE');
    expect(notice.body.toString()).toBe('stored for bob');
    expect(notice.start).toBe(`MESSAGE ${CONTACT} SIP/2.0`);
    expect(routesOf(notice)).toBe(path.join(', '));
    expect(notice.header('To')).toBe('<sip:alice@example.org>');
    expect(notice.header('From')).toContain('<sip:silo@example.org>;tag=');
  });

  test('a receipt for its user, who asked for one', async () => {
    const { edge, path, headers } = await start();
    const alice = await phone('alice');
    await alice.register({ contact: `<${CONTACT}>`, expires: 600, headers });
    const body =
      'From: <im:alice@example.org>\r\nTo: <im:bob@example.org>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
      'imdn.Message-ID: 1\r\nimdn.Disposition-Notification: processing\r\n\r\nContent-Type: text/plain\r\n\r\nhi';
    expect((await alice.message('bob', body, { contentType: 'message/cpim' })).status).toBe(202);
    const receipt = await arrived(edge, 'MESSAGE');
    expect(receipt.body.toString()).toContain('<stored/>');
    expect(receipt.start).toBe(`MESSAGE ${CONTACT} SIP/2.0`);
    expect(routesOf(receipt)).toBe(path.join(', '));
  });

  test('a NOTIFY that it never asked for', async () => {
    const { edge, path, headers } = await start({ mwi: { unsolicited: 'terminated' } });
    const bob = await phone('bob');
    await bob.register({ contact: `<${CONTACT}>`, expires: 600, headers });
    const notify = await arrived(edge, 'NOTIFY');
    expect(notify.start).toBe(`NOTIFY ${CONTACT} SIP/2.0`);
    expect(routesOf(notify)).toBe(path.join(', '));
  });

  test('the NOTIFY of a subscription that has moved, along its Record-Route', async () => {
    const { edge, path } = await start();
    const bob = await LampPhone.start('bob', { server: node.server });
    closing.push(bob);
    const headers = { 'Record-Route': path.join(', '), Contact: '<sip:bob@192.0.2.7>' };
    const line = await bob.subscribe(headers);
    await arrived(edge, 'NOTIFY');
    const { status } = await bob.again(line, { ...headers, Contact: `<${CONTACT}>` });
    expect(status).toBe(200);
    await until(() => edge.requests.length >= 2);
    const [, moved] = edge.requests;
    expect(moved?.start).toBe(`NOTIFY ${CONTACT} SIP/2.0`);
    expect(routesOf(moved)).toBe(path.join(', '));
    expect(moved?.header('Call-ID')).toBe(line.callId);
    expect(moved?.header('From')).toContain(`;tag=${line.toTag}`);
    expect(moved?.header('To')).toContain(`;tag=${line.fromTag}`);
  });
});

describe('a contact that nothing could be sent to', () => {
  const long = (length: number) => `<sip:bob@192.0.2.7;pn-prid=${'x'.repeat(length)}>`;

  test('is refused at REGISTER with what is wrong; shorter, it gets its mail', async () => {
    const { edge, headers, path } = await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await alice.message('bob', 'one');
    const refused = await bob.register({ contact: long(440), expires: 600, headers });
    expect(refused.start).toMatch(
      /^SIP\/2\.0 400 Contact and Path take \d+ bytes through drachtio-server, which passes 496: make them shorter\.$/,
    );
    expect(await node.registrar.find('bob@example.org')).toEqual([]);
    // With the whole Path escaped it would not fit.
    const contact = long(330);
    expect((await bob.register({ contact, expires: 600, headers })).status).toBe(200);
    await edge.received(1);
    expect(edge.messages[0]?.start).toBe(`MESSAGE ${contact.slice(1, -1)} SIP/2.0`);
    expect(routesOf(edge.messages[0])).toBe(path.join(', '));
  });

  test('may leave', async () => {
    const { headers } = await start();
    const bob = await phone('bob');
    expect((await bob.register({ contact: long(440), expires: 0, headers })).status).toBe(200);
  });

  test('ends no subscription unheard: a refresh that moves there is refused', async () => {
    const { edge, path } = await start();
    const bob = await LampPhone.start('bob', { server: node.server });
    closing.push(bob);
    const headers = { 'Record-Route': path.join(', '), Contact: '<sip:bob@192.0.2.7>' };
    const line = await bob.subscribe(headers);
    await arrived(edge, 'NOTIFY');
    const { start: refused } = await bob.again(line, { ...headers, Contact: long(440) });
    expect(refused).toMatch(/^SIP\/2\.0 400 Contact and Path take \d+ bytes/);
    expect((await bob.again(line, headers)).status).toBe(200);
    await until(() => edge.requests.length >= 2);
    expect(edge.requests[1]?.header('Subscription-State')).toMatch(/^active/);
  });
});

describe('a contact that drachtio-server reads only in another spelling', () => {
  test.each([
    'sip:+49;phone-context=example.org@127.0.0.1:PORT',
    'sip:a,b?c@127.0.0.1:PORT',
    'sip:bob@127.0.0.1:PORT;x=(1)',
  ])('gets its mail with the spelling that it has itself: %s', async (form) => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    const contact = form.replace('PORT', /:(\d+)>/.exec(bob.contact)?.[1] ?? '');
    await alice.message('bob', 'one');
    expect((await bob.register({ contact: `<${contact}>`, expires: 600 })).status).toBe(200);
    await bob.received(1);
    expect(bob.messages[0]?.start).toBe(`MESSAGE ${contact} SIP/2.0`);
  });

  test('empty parameters are left out', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    const contact = bob.contact.slice(1, -1);
    await alice.message('bob', 'one');
    expect((await bob.register({ contact: `<${contact};;x=;>`, expires: 600 })).status).toBe(200);
    await bob.received(1);
    expect(bob.messages[0]?.start).toBe(`MESSAGE ${contact};x SIP/2.0`);
  });
});
