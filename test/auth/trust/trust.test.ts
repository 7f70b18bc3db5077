/** Whose word counts, and whom it names (RFC 3325). */
import { describe, expect, test } from 'vitest';
import { createTrust } from '../../../lib/auth/trust/trust.ts';
import { aRequest } from '../requests.ts';

const ALICE = '<sip:alice@example.org>;tag=1';
const trust = createTrust({
  trust: ['192.0.2.0/28', '2001:db8::/64'],
  publishers: ['127.0.0.1/32'],
  telDomain: 'example.org',
});
const asserted = (aor: string | undefined, hop = '192.0.2.1') => ({ kind: 'asserted', aor, hop });

describe('a hop is trusted', () => {
  test.each(['192.0.2.1', '192.0.2.15', '2001:db8::5', '[2001:db8::5]', '::ffff:192.0.2.1'])(
    'when its address is in a network that was named: %s',
    (hop) => {
      const req = aRequest('MESSAGE', { From: ALICE }, hop);
      expect(trust.isOfHop(req)).toBe(true);
      expect(trust.identityOf(req)).toEqual({
        kind: 'network',
        aor: 'alice@example.org',
        hop,
      });
    },
  );

  test.each(['192.0.2.16', '127.0.0.1', '::1', '2001:db8:0:1::5', 'localhost', ''])(
    'and not else, nor for being on this machine: %s',
    (hop) => {
      const headers = { From: ALICE, 'P-Asserted-Identity': '<sip:alice@example.org>' };
      const req = aRequest('MESSAGE', headers, hop);
      expect(trust.isOfHop(req)).toBe(false);
      expect(trust.identityOf(req)).toBeUndefined();
    },
  );

  test('and not for what a server of ours has forwarded for somebody, for the limits as little as for an identity', () => {
    const forwarded = {
      ...aRequest('REGISTER', { From: ALICE, Via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1' }),
      server: { hostport: 'udp/192.0.2.1:5060' },
    };
    expect(trust.isOfHop(forwarded)).toBe(false);
    expect(trust.identityOf(forwarded)).toBeUndefined();
  });
});

describe('whom it names', () => {
  test.each([
    ['<sip:bob@example.org>', 'bob@example.org'],
    ['"Bob" <sips:bob@Example.ORG:5061;user=phone>', 'bob@example.org'],
    ['sip:bob@example.org', 'bob@example.org'],
    ['tel:+1-201-555-0123', '+12015550123@example.org'],
    // RFC 3325 9.1: one of each; the order says nothing.
    ['tel:+14085264000, <sip:fluffy@cisco.com>', 'fluffy@cisco.com'],
    ['<sip:fluffy@cisco.com>, tel:+14085264000', 'fluffy@cisco.com'],
    // The name in which it writes.
    ['<sip:+1201@example.org>, <sip:alice@example.org>', 'alice@example.org'],
    // What names no user, or can't be read, names nobody; the other one does.
    ['<sip:proxy.example.org>', undefined],
    ['<sip:proxy.example.org>, tel:+1201', '+1201@example.org'],
    ['bob', undefined],
    ['<bob@example.org', undefined],
    ['', undefined],
    ['<sip:bob@example.org', undefined],
    ['<mailto:bob@example.org>', undefined],
  ])('P-Asserted-Identity %s: %s', (value, aor) => {
    const request = aRequest('MESSAGE', { From: ALICE, 'P-Asserted-Identity': value });
    expect(trust.identityOf(request)).toEqual(asserted(aor));
  });

  test('is known to us, too, when From does not say it and nobody may be told', () => {
    const headers = {
      From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
      Privacy: 'id',
      'P-Asserted-Identity': '<sip:bob@example.org>',
    };
    expect(trust.identityOf(aRequest('MESSAGE', headers))).toEqual(asserted('bob@example.org'));
  });

  test('is From where it asserts nobody, and nobody where From is anonymous or no user', () => {
    const of = (From: string) => trust.identityOf(aRequest('MESSAGE', { From }));
    expect(of(ALICE)).toMatchObject({ kind: 'network', aor: 'alice@example.org' });
    expect(of('<sip:anonymous@anonymous.invalid>;tag=1')).toMatchObject({ kind: 'network', aor: undefined });
    expect(of('<sip:app.example.org>;tag=1')).toMatchObject({ kind: 'network', aor: undefined });
  });

  test('is no number without the domain of numbers', () => {
    const request = aRequest('MESSAGE', { From: ALICE, 'P-Asserted-Identity': 'tel:+1201' });
    expect(createTrust({ trust: ['192.0.2.1'] }).identityOf(request)).toEqual(asserted(undefined));
  });
});

describe('a server that publishes', () => {
  const publish = (headers: Readonly<Record<string, string>>, method = 'PUBLISH') =>
    trust.identityOf(
      aRequest(method, { From: '<sip:voicemail@example.org>;tag=1', ...headers }, '127.0.0.1'),
    );

  test('needs no password in its network', () => {
    expect(publish({})).toEqual({ kind: 'network', aor: 'voicemail@example.org', hop: '127.0.0.1' });
  });

  test('does when a proxy stands between, whose address says nothing, and for all else', () => {
    const Via = 'SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK2, SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1';
    expect(publish({ Via })).toBeUndefined();
    expect(publish({}, 'MESSAGE')).toBeUndefined();
  });
});

test('a trust that is no network is refused with a sentence', () => {
  expect(() => createTrust({ trust: ['proxy.example.org'] })).toThrow(
    '"proxy.example.org" is no network; wanted is an address with a prefix length',
  );
});

test.each(['0.0.0.0/0', '::/0', '192.0.2.1/00'])('%s is everybody, and no trust', (cidr) => {
  expect(() => createTrust({ trust: ['192.0.2.1', cidr] })).toThrow('is everybody; wanted are the addresses');
});
