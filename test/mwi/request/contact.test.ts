/** Our Contact has the scheme and the transport of the dialog that it is for. */
import { afterEach, describe, expect, test } from 'vitest';
import { ownContact } from '../../../lib/mwi/request/contact.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { Phone } from '../../support/phone.ts';
import { until } from '../../support/until.ts';

let node: TestNode | undefined;
const phones: Phone[] = [];
afterEach(async () => {
  for (const phone of phones.splice(0)) phone.close();
  await node?.close();
});

describe('what came in as a request for', () => {
  const from = (protocol: string, headers: Readonly<Record<string, string>>, uri = 'sip:bob@example.org') =>
    ownContact({ uri, protocol, receivedOn: '192.0.2.1:5060', get: (name) => headers[name] });
  const via = (transport: string) => ({
    Via: `SIP/2.0/${transport} x.invalid;branch=z9hG4bK1, SIP/2.0/TCP 192.0.2.9`,
  });
  const SIPS = 'sips:bob@example.org';

  test.each([
    ['udp', via('UDP'), undefined, '<sip:192.0.2.1:5060>'],
    ['tcp', via('TCP'), undefined, '<sip:192.0.2.1:5060;transport=tcp>'],
    ['tls', via('TLS'), undefined, '<sip:192.0.2.1:5060;transport=tls>'],
    ['tcp', via('WS'), undefined, '<sip:192.0.2.1:5060;transport=ws>'],
    ['tls', via('wss'), undefined, '<sip:192.0.2.1:5060;transport=ws>'],
    ['wss', {}, undefined, '<sip:192.0.2.1:5060;transport=ws>'],
    ['udp', {}, SIPS, '<sips:192.0.2.1:5060>'],
    ['tcp', via('TCP'), SIPS, '<sips:192.0.2.1:5060>'],
    ['tls', via('TLS'), 'SIPS:bob@example.org', '<sips:192.0.2.1:5060>'],
    ['tls', via('WSS'), SIPS, '<sips:192.0.2.1:5060;transport=ws>'],
    ['tls', { Contact: '"B" <sips:bob@192.0.2.7>;x=y' }, undefined, '<sips:192.0.2.1:5060>'],
    [
      'tls',
      { Contact: `<${SIPS}>`, 'Record-Route': '<sip:a;lr>, <sips:b;lr>' },
      undefined,
      '<sip:192.0.2.1:5060;transport=tls>',
    ],
    [
      'tls',
      { Contact: '<sip:bob@x>', 'Record-Route': '<sips:a;lr>, <sip:b;lr>' },
      undefined,
      '<sips:192.0.2.1:5060>',
    ],
  ] as const)('over %s, %j, to %s is answered from %4$s', (protocol, headers, uri, contact) => {
    expect(from(protocol, headers, uri)).toBe(contact);
  });
});

test('the 200 and the NOTIFY of a subscription to a sips: address have a sips: Contact', async () => {
  node = await startNode();
  const bob = await Phone.start('bob', { server: node.server });
  phones.push(bob);
  const headers = { Event: 'message-summary', Contact: bob.contact, Expires: '60' };
  const answer = await bob.request('SUBSCRIBE', `sips:${bob.aor}`, bob.aor, headers);
  const contact = `<sips:${node.server.host}:${node.server.port}>`;
  expect([answer.status, answer.header('Contact')]).toEqual([200, contact]);
  await until(() => bob.requests.length > 0);
  expect(bob.requests[0]?.header('Contact')).toBe(contact);
});
