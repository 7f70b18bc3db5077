import { expect, it } from 'vitest';
import { mayBeAnswered } from '../../../lib/sip/drachtio/dialog-guard.ts';
import type { SipRequest } from '../../../lib/sip/drachtio/messages.ts';

function subscribe(uri: string, contact: string | undefined, more: Partial<SipRequest> = {}): SipRequest {
  const base = { method: 'SUBSCRIBE', uri, source_address: '127.0.0.1', source_port: 5060, protocol: 'udp' };
  return { ...base, get: (name) => (name === 'Contact' ? contact : undefined), ...more };
}

it.each([
  ['x', '<sip:u@127.0.0.1:9>'],
  ['x@y', '<sip:u@127.0.0.1:9>'],
  ['//x', '<sip:u@127.0.0.1:9>'],
  ['192.0.2.1', '<sip:u@127.0.0.1:9>'],
  ['*', '<sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '*'],
  ['sip:bob@example.com', '*, <sip:u@127.0.0.1>'],
  ['sip:bob@example.com', '<tel:+123>'],
  ['sip:bob@example.com', 'TEL:123'],
  ['sip:bob@example.com', '<tel:+123>, <sip:u@127.0.0.1>'],
  ['sip:bob@example.com', '<sip:>'],
  ['sip:bob@example.com', '<sip:u@>'],
  ['sip:bob@example.com', 'x'],
  ['sip:bob@example.com', '<urn:service:sos>'],
  ['sip:bob@example.com', ''],
  ['sip:bob@example.com', '(<sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '\u00fc<sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '\uFFFD <sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '< sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '< sip:u@127.0.0.1:9 >, <sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '"open <sip:u@127.0.0.1:9>'],
])('a SUBSCRIBE to %s with the Contact %s gets no answer', (uri, contact) => {
  expect(mayBeAnswered(subscribe(uri, contact))).toBe(false);
  expect(mayBeAnswered(subscribe(uri, contact, { method: 'INVITE' }))).toBe(false);
});

it.each([
  ['sip:bob@example.com', '<sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', 'sips:u@example.com;transport=tls'],
  ['sip:bob@example.com', '"*" <sip:u:pw@[2001:db8::1]:5060;ob>;expires=60'],
  ['sip:bob@example.com', undefined],
  ['sip:bob@example.com', 'Bob  B. <sip:u@127.0.0.1:9>'],
  ['sip:bob@example.com', '"J\u00fcrgen \\"J\\" <x>, y"<SIP:u@example.com;ob>, nonsense'],
  ['sip:bob@example.com', 'sip:u@example.com ;expires=60'],
  ['tel:+123', '<sip:127.0.0.1>'],
  ['nobodyknows:opaque', '<im:u@example.com>'],
])('a SUBSCRIBE to %s with the Contact %s may be answered', (uri, contact) => {
  expect(mayBeAnswered(subscribe(uri, contact))).toBe(true);
});

it('what makes no dialog, or has one, may always be answered', () => {
  expect(mayBeAnswered(subscribe('x', '*', { method: 'REGISTER' }))).toBe(true);
  expect(mayBeAnswered(subscribe('x', '*', { method: 'MESSAGE' }))).toBe(true);
  expect(mayBeAnswered(subscribe('x', '*', { stackDialogId: 'a;from-tag=b' }))).toBe(true);
});
