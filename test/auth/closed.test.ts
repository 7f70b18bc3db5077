/** What starts, and what is too open to. */
import { describe, expect, test } from 'vitest';
import { closedReason, exposedHosts, isSecretKnown, type Exposure } from '../../lib/auth/closed.ts';

const exposed: Exposure = {
  addresses: ['udp/127.0.0.1:5060', 'tcp/203.0.113.5:5060'],
  hasUsers: false,
  trust: [],
  auth: 'auto',
  open: false,
};

test.each<[string, Partial<Exposure>]>([
  ['on loopback', { addresses: ['udp/127.0.0.1:5060', 'tcp/[::1]:5060', 'udp/127.8.9.1:5060'] }],
  ['on loopback, without any authentication', { addresses: ['udp/127.0.0.1:5060'], auth: 'off' }],
  ['with users', { hasUsers: true }],
  ['with trusted proxies', { trust: ['192.0.2.0/28'] }],
  ['with trusted proxies alone, without passwords', { trust: ['192.0.2.0/28'], auth: 'off' }],
  ['with authentication, though nobody can pass it', { auth: 'on' }],
  ['where its operator insists', { open: true }],
  ['where its operator insists, without authentication', { open: true, auth: 'off' }],
])('an application starts %s', (_, over) => {
  expect(closedReason({ ...exposed, ...over })).toBeUndefined();
});

describe('an application that strangers can reach does not start', () => {
  test.each([
    'udp/203.0.113.5:5060',
    'tcp/[2001:db8::1]:5060',
    'udp/0.0.0.0:5060',
    'tls/sip.example.org:5061',
    'udp/10.0.0.1:5060',
  ])('without users and without trust: %s', (address) => {
    const reason = closedReason({ ...exposed, addresses: ['udp/127.0.0.1:5060', address] });
    expect(reason).toContain(`Strangers can reach ${address}`);
    for (const way of ['drachtio-silo user add', 'SILO_TRUST', '127.0.0.1', 'SILO_OPEN=yes'])
      expect(reason).toContain(way);
  });

  test('without authentication, whoever its users are', () => {
    expect(closedReason({ ...exposed, auth: 'off', hasUsers: true })).toContain('SILO_AUTH=off');
  });
});

test('the hosts that strangers reach are known without their ports', () => {
  expect(exposedHosts(['udp/203.0.113.5:5060', 'tcp/203.0.113.5:5060', 'udp/[2001:db8::1]:5060'])).toEqual([
    '203.0.113.5',
    '[2001:db8::1]',
  ]);
  expect(exposedHosts(['udp/127.0.0.1:5060'])).toBeUndefined();
});

test.each([
  [{ host: '192.0.2.9', secret: 'cymru' }, true],
  [{ host: 'drachtio', secret: 'cymru' }, true],
  [{ host: '192.0.2.9', secret: 'another' }, false],
  [{ host: '127.0.0.1', secret: 'cymru' }, false],
  [{ host: 'localhost', secret: 'cymru' }, false],
  [{ host: '', secret: 'cymru' }, false],
])('the secret of %o is what everybody knows: %s', (address, known) => {
  expect(isSecretKnown(address)).toBe(known);
});
