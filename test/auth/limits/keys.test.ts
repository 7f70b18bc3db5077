import { describe, expect, test } from 'vitest';
import { askingOf as asking, networkOf, senderKey, sourceKey } from '../../../lib/auth/limits/keys.ts';
import { setIdentity, type Identity } from '../../../lib/auth/identity.ts';
import type { SipRequest } from '../../../lib/sip/drachtio/messages.ts';

interface Given {
  readonly from?: string;
  readonly to?: string;
  readonly uri?: string;
  readonly address?: string;
  readonly method?: string;
  readonly identity?: Identity;
}

function request({ from = 'alice', to = 'bob', uri, address = '192.0.2.1', method, identity }: Given = {}) {
  const headers: Record<string, string> = {
    from: `<sip:${from}@example.org>;tag=1`,
    to: `<sip:${to}@example.org>`,
  };
  const req = {
    method: method ?? 'MESSAGE',
    uri: uri ?? `sip:${to}@example.org`,
    source_address: address,
    source_port: 5060,
    protocol: 'udp',
    msg: { headers },
    get: (name: string) => headers[name.toLowerCase()],
  } satisfies SipRequest & { readonly msg: unknown };
  if (identity) setIdentity(req, identity);
  return req;
}

describe('a source', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff:1:2:3', '2001:db8:0:0::/64'],
    ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['nonsense', 'nonsense'],
    ['', ''],
  ])('at %s is counted as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('has one key for the addresses of one /64, another for those of the next', () => {
    const [first = '', second, third] = ['2001:db8:0:1::5', '2001:db8:0:1:ffff::6', '2001:db8:0:2::5'].map(
      (source_address) => sourceKey({ source_address }),
    );
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(first).toHaveLength(28);
  });
});

describe('a sender', () => {
  const digest: Identity = { kind: 'digest', aor: 'alice@example.org' };
  test('with a proved identity is the same one from everywhere, whatever From says', () => {
    expect(senderKey(request({ identity: digest, address: '192.0.2.9', from: 'anonymous' }))).toBe(
      senderKey(request({ identity: digest })),
    );
  });

  test('without an identity is what From says, at its source: nobody uses up what is somebody else’s', () => {
    const alice = senderKey(request());
    expect(senderKey(request())).toBe(alice);
    expect(senderKey(request({ from: 'carol' }))).not.toBe(alice);
    expect(senderKey(request({ address: '192.0.2.9' }))).not.toBe(alice);
    expect(senderKey(request({ identity: { kind: 'nobody' } }))).toBe(alice);
    expect(senderKey(request({ identity: digest }))).not.toBe(alice);
  });

  test('whose name is as long as a datagram has a key as short as all', () => {
    expect(senderKey(request({ from: 'a'.repeat(60_000) }))).toHaveLength(28);
  });
});

describe('whom it is for', () => {
  const askingOf = (req: SipRequest, options = {}) => asking(req, { domains: [], ...options });

  test('is who will have it: a Request-URI of elsewhere hides nobody, nor does a number', () => {
    const served = { domains: ['example.org'], telDomain: 'example.org' };
    const bob = askingOf(request(), served);
    expect(askingOf(request({ uri: 'sip:x@elsewhere.org' }), served)).toEqual(bob);
    const number = askingOf(request({ uri: 'sip:+1201@example.org' }), served);
    expect(askingOf(request({ uri: 'tel:+1-201' }), served)).toEqual(number);
    const register = { method: 'REGISTER', uri: 'sip:x@elsewhere.org' };
    expect(askingOf(request(register)).domain).toBe(bob.domain);
  });

  test('is the address of record, however it is spelled', () => {
    const { recipient, domain } = askingOf(request());
    expect(askingOf(request({ uri: 'SIPS:%62ob@EXAMPLE.org:5061;x=1' })).recipient).toBe(recipient);
    expect(askingOf(request({ to: 'carol' })).recipient).not.toBe(recipient);
    expect(askingOf(request({ to: 'carol' })).domain).toBe(domain);
  });

  test('is nobody for a REGISTER, whose domain is that of To', () => {
    const register = askingOf(request({ method: 'REGISTER', uri: 'sip:example.org' }));
    expect(register.recipient).toBeUndefined();
    expect(register.domain).toBe(askingOf(request()).domain);
  });
});
