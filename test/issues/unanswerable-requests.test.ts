/** Requests that must not be answered, or not passed on: drachtio-server and the application go on as if nothing was. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { request, type RequestParts } from '../support/sip/message.ts';
import { TcpPeer, UdpPeer } from '../support/sip/peer.ts';
import { startNode, type TestNode } from '../support/node.ts';

let node: TestNode;
let phone: UdpPeer;
beforeEach(async () => {
  node = await startNode();
  phone = await UdpPeer.open(node.server);
});
afterEach(async () => {
  await phone.close();
  await node.close();
});

const ask = (method: string, parts: RequestParts = {}) => {
  phone.send(request(phone, method, parts));
  return phone.take();
};
const event = 'Event: message-summary';
const here = () => `Contact: <sip:u@127.0.0.1:${phone.port}>`;
/** Not where the phone is: then drachtio-server looks at the scheme of the Request-URI, too. */
const elsewhere = 'Contact: <sip:u@127.0.0.1:9>';

describe('a SUBSCRIBE of which drachtio-server can make no dialog', () => {
  it.each<[string, string, string, string]>([
    ['Request-URI without a scheme', 'x', elsewhere, event],
    ['Request-URI without a scheme, with a host', 'x@y', elsewhere, event],
    ['Request-URI that is an address', '192.0.2.1', elsewhere, event],
    ['Contact *', 'sip:bob@example.com', 'Contact: *', event],
    ['tel: Contact', 'sip:bob@example.com', 'Contact: <tel:+123>', event],
    ['compact tel: Contact', 'sip:bob@example.com', 'm: <tel:+123>', event],
    ['tel: Contact before a good one', 'sip:bob@example.com', 'Contact: <tel:+1>, <sip:u@127.0.0.1>', event],
    ['Contact *, another event', 'sip:bob@example.com', 'Contact: *', 'Event: dialog'],
  ])('gets no answer and ends nothing: %s', async (_, uri, contact, eventLine) => {
    phone.send(request(phone, 'SUBSCRIBE', { uri, headers: [contact, eventLine, 'Expires: 60'] }));
    // The next request of this phone comes behind it: the first answer is that one's.
    const answer = await ask('OPTIONS', { callId: 'behind-it' });
    expect([answer.status, answer.header('call-id')]).toEqual([200, 'behind-it']);
  });
});

describe('an identifier that would break out of the wire protocol', () => {
  it.each<[string, RequestParts]>([
    ['Call-ID', { callId: 'a|b' }],
    ['tag of From', { from: '<sip:alice@example.com>;tag=a|b' }],
  ])('is refused with 400: a bar in the %s', async (_, parts) => {
    for (const method of ['SUBSCRIBE', 'MESSAGE', 'REGISTER', 'PUBLISH']) {
      const answer = await ask(method, { ...parts, headers: [here(), event, 'Expires: 60'] });
      expect([method, answer.status]).toEqual([method, 400]);
      // drachtio-server reads tags itself.
      expect(answer.start).toMatch(/RFC 3261 25\.1|Bad From Header/);
    }
    // No dialog was made, so nothing is said in one: the next thing to come is this answer.
    expect((await ask('OPTIONS')).status).toBe(200);
    expect(await node.store.bindings('bob@example.com', 0)).toEqual([]);
  });
});

it('a bar in the branch gets 400 or, from a drachtio-server, nothing, and ends nothing', async () => {
  phone.send(request(phone, 'MESSAGE', { branch: 'z9hG4bKa|b', callId: 'barred', body: '' }));
  phone.send(request(phone, 'OPTIONS', { callId: 'behind-it' }));
  let answer = await phone.take();
  if (answer.header('call-id') === 'barred') {
    expect(answer.status).toBe(400);
    answer = await phone.take();
  }
  expect([answer.status, answer.header('call-id')]).toEqual([200, 'behind-it']);
});

describe('a REGISTER that is too much for drachtio-mw-registration-parser', () => {
  it.each(['<sip:bob@192.0.2.10>,', '<sip:bob@192.0.2.10>,,', ', <sip:bob@192.0.2.10>'])(
    'registers the contact that it names: %s',
    async (contact) => {
      const parts = { to: '<sip:bob@example.com>', headers: [`Contact: ${contact}`, 'Expires: 60'] };
      const answer = await ask('REGISTER', parts);
      expect([200, 400]).toContain(answer.status);
      if (answer.status === 200) expect(answer.header('contact')).toContain('sip:bob@192.0.2.10');
    },
  );
});

describe('a method that is not served', () => {
  it.each<[string, RequestParts, number]>([
    ['INFO', {}, 405],
    ['NOTIFY', { headers: [event, 'Subscription-State: active'] }, 405],
    ['NOTIFY', { headers: ['Event: dialog', 'Subscription-State: active'] }, 489],
    ['NOTIFY', { to: '<sip:b@c>;tag=1', headers: [event, 'Subscription-State: active'] }, 481],
    ['INVITE', { headers: ['Contact: <sip:u@127.0.0.1:9>'] }, 405],
  ])('%s %o gets %i, not 503', async (method, parts, status) => {
    let answer = await ask(method, parts);
    if (answer.status === 100) answer = await phone.take();
    expect(answer.status).toBe(status);
    if (status === 405) expect(answer.header('allow')).toContain('MESSAGE');
    if (status === 489) expect(answer.header('allow-events')).toBe('message-summary');
  });

  it('OPTIONS with an unknown Require gets 420 and the name of it', async () => {
    const answer = await ask('OPTIONS', { headers: ['Require: foo, bar'] });
    expect([answer.status, answer.header('unsupported')]).toEqual([420, 'foo, bar']);
  });
});

it('a port that is none gets 400 at REGISTER and at SUBSCRIBE, over UDP and TCP', async () => {
  const tcp = await TcpPeer.open(node.server);
  for (const port of ['0', '65536']) {
    const contact = `Contact: <sip:m@127.0.0.1:${port}>`;
    expect((await ask('REGISTER', { headers: [contact, 'Expires: 60'] })).status).toBe(400);
    tcp.send(request(tcp, 'REGISTER', { headers: [contact, 'Expires: 60'] }));
    expect((await tcp.take()).status).toBe(400);
    const from = '<sip:bob@example.com>;tag=1';
    const answer = await ask('SUBSCRIBE', { from, headers: [contact, event, 'Expires: 60'] });
    expect(answer.status).toBe(400);
  }
  expect((await ask('OPTIONS')).status).toBe(200);
  await tcp.close();
});
