/** The way to a device: what stands in the frame to drachtio-server for a contact, a Path and a source. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalised } from '../../../lib/embedded/text/request-uri.ts';
import { requestUriOf } from '../../../lib/sip/drachtio/request-uri.ts';
import { MAX_REQUEST_URI, Unreachable, wayTo, type Way } from '../../../lib/sip/drachtio/way.ts';
import type { Location } from '../../../lib/sip/read/next-hop.ts';
import { targetOf } from '../../../lib/sip/read/uri.ts';

const NOWHERE = { address: '', port: 0, protocol: 'udp' };
const location = (over: Partial<Location> = {}): Location => ({
  contact: 'sip:bob@192.0.2.1:5071',
  path: [],
  source: NOWHERE,
  ...over,
});

function way(over: Partial<Location> = {}, outboundProxy?: string): Way {
  const found = wayTo(location(over), outboundProxy);
  if (found instanceof Unreachable) throw new Error(found.reason);
  return found;
}

function whyNot(over: Partial<Location>): Unreachable {
  const found = wayTo(location(over));
  if (found instanceof Unreachable) return found;
  throw new Error(`there is a way: ${found.uri}`);
}

describe('the way to a device', () => {
  test('leads straight to a contact of which nothing else is known', () => {
    expect(way()).toMatchObject({ uri: 'sip:bob@192.0.2.1:5071', proxy: undefined });
  });

  test('leads back to where the registration came from', () => {
    const source = { address: '198.51.100.1', port: 40_000, protocol: 'tcp' };
    expect(way({ source })).toEqual({
      uri: 'sip:bob@192.0.2.1:5071',
      proxy: 'sip:198.51.100.1:40000;transport=tcp',
    });
  });

  test('follows the Path: its first hop is the next one, and all are Routes, in order', () => {
    const path = ['<sip:tok@edge.example.org;lr>', '"Inner, one" <sip:[2001:db8::1]:5080;lr>'];
    const source = { address: '198.51.100.1', port: 40_000, protocol: 'tcp' };
    expect(way({ path, source })).toEqual({
      uri:
        'sip:bob@192.0.2.1:5071?Route=%3Csip:tok%40edge.example.org;lr%3E,' +
        '%22Inner%2C%20one%22%20%3Csip:[2001:db8::1]:5080;lr%3E',
      proxy: 'sip:tok@edge.example.org;lr',
      namedBy: '198.51.100.1',
    });
  });

  test('knows who named a hop that is somewhere else, and names nobody where the hop is the source itself', () => {
    const source = { address: '198.51.100.1', port: 40_000, protocol: 'udp' };
    expect(way({ path: ['<sip:198.51.100.1:5080;lr>'], source }).namedBy).toBeUndefined();
    expect(way({ path: ['<sip:198.51.100.1;maddr=192.0.2.9;lr>'], source }).namedBy).toBe('198.51.100.1');
    expect(way({ path: ['<sip:192.0.2.9;lr>'], source }, 'sip:proxy.example.org').namedBy).toBeUndefined();
    expect(way({ path: [], source }).namedBy).toBeUndefined();
  });

  test('an escape in a Path stays one', () => {
    const path = ['<sip:edge;received=sip:10.0.0.1:4000%3Btransport%3Dtcp;lr>'];
    expect(way({ path }).uri).toContain('received=sip:10.0.0.1:4000%253Btransport%253Dtcp;lr');
  });

  test('goes by the outbound proxy, with the Routes of the Path', () => {
    const path = ['<sip:edge.example.org;lr>'];
    expect(way({ path }, 'sip:proxy.example.org')).toMatchObject({
      uri: 'sip:bob@192.0.2.1:5071?Route=%3Csip:edge.example.org;lr%3E',
      proxy: 'sip:proxy.example.org',
    });
  });

  test('takes 496 bytes of contact and Path together, and one more is said with both numbers', () => {
    const path = ['<sip:edge.example.org;lr>'];
    const room = MAX_REQUEST_URI - way({ path, contact: 'sip:bob@192.0.2.1;pn=x' }).uri.length;
    const contact = (length: number) => `sip:bob@192.0.2.1;pn=${'x'.repeat(length + 1)}`;
    expect(way({ path, contact: contact(room) }).uri).toHaveLength(496);
    expect(whyNot({ path, contact: contact(room + 1) }).reason).toBe(
      'Contact and Path take 497 bytes through drachtio-server, which passes 496: make them shorter.',
    );
    expect(whyNot({ contact: contact(500) }).reason).toMatch(/^Contact takes 522 bytes/);
  });

  test('there is none to what is no SIP URI; that may be registered all the same', () => {
    expect(whyNot({ contact: 'mailto:bob@example.org' }).foreign).toBe(true);
    expect(whyNot({ contact: `sip:bob@192.0.2.1;pn=${'x'.repeat(500)}` }).foreign).toBe(false);
  });

  test.each([
    ['a line end', ['<sip:edge.example.org;lr>\r\nX-Evil: 1']],
    ['half a character', ['<sip:edge.example.org;lr>', '"\ud800" <sip:inner;lr>']],
    ['no URI', ['edge']],
    ['no URI behind the first', ['<sip:edge.example.org;lr>', 'inner']],
    ['what must be escaped beside an escape', ['<sip:t%40k^@edge.example.org;lr>']],
    ['letters that must be escaped beside an escape', ['<sip:edge.example.org;x=%41ö;lr>']],
  ])('there is none along a Path with %s', (_, path) => {
    expect(whyNot({ path }).reason).toMatch(/^The Path can not be passed on/);
  });
});

describe('a Request-URI for drachtio-server', () => {
  test.each([
    'sip:bob@192.0.2.1:5071',
    'sip:bob@192.0.2.1;transport=tcp;ob;pn-provider=fcm;pn-prid=a:b_c-d%3D',
    'sips:bob@[2001:db8::1]:5061;x=[::1]',
    'sip:192.0.2.1;lr',
    'sip:o%22neil&co=1$/@192.0.2.1',
    'sip:böb@192.0.2.1',
    'tel:+4930123;phone-context=x',
  ])('is the contact itself: %s', (contact) => {
    expect(requestUriOf(contact)).toBe(contact);
  });

  test.each([
    [
      'a user in which it would see the end of the address',
      'sip:+49;phone-context=x@h',
      'sip:+49%3Bphone-context=x@h',
    ],
    ['the same with a comma and a question mark', 'sip:a,b?c@h', 'sip:a%2Cb%3Fc@h'],
    ['letters beside an escape', 'sip:b%40ö@h', 'sip:b%40%C3%B6@h'],
    ['empty parameters', 'sip:bob@h;;lr;', 'sip:bob@h;lr'],
    ['an empty value', 'sip:bob@h;x=;lr', 'sip:bob@h;x;lr'],
    ['brackets and ampersands', 'sip:bob@h;x=(a)&b', 'sip:bob@h;x=%28a%29%26b'],
    ['what no parameter may hold', 'sip:bob@h;x=a|b,c', 'sip:bob@h;x=a%7Cb%2Cc'],
    ['the headers of a URI', 'sip:bob@h;lr?X-Evil=1&Route=%3Csip:evil%3E', 'sip:bob@h;lr'],
  ])('is spelled anew for %s', (_, contact, spelled) => {
    expect(requestUriOf(contact)).toBe(spelled);
  });

  test('is none for a password by which the server would die', () => {
    for (const contact of ['sip:b:p%2Cp@h', 'sip:b:p%2cp@h', 'sip:b:p,p@h', 'sip:b:p;p@h'])
      expect(whyNot({ contact }).reason).toMatch(/^The Contact has a password/);
    expect(way({ contact: 'sip:b:p%3Bp@h' }).uri).toBe('sip:b:p%3Bp@h');
  });

  test('is always one that the server reads, and means the contact', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.stringMatching(/^[!#-;=?-~]$/),
        fc.constantFrom('%41', '%2C', '%3b', '%25', '%0D', 'ö', '日'),
      ),
      maxLength: 12,
    });
    /** With all escaped: what is written bare or escaped means the same here. */
    const meaning = (uri: string) =>
      uri
        .replace(/%[0-9A-Fa-f]{2}|[^]/gu, (found) =>
          found.length === 3
            ? found.toUpperCase()
            : Buffer.from(found)
                .toString('hex')
                .replace(/../g, (hex) => `%${hex.toUpperCase()}`),
        )
        .split('%3B')
        .map((entry) => entry.replace(/%3D$/, ''))
        .filter((entry) => entry !== '')
        .join(';');
    fc.assert(
      fc.property(text, text, (user, params) => {
        const contact = `sip:${user}${user === '' ? '' : '@'}192.0.2.1;${params}`;
        const uri = requestUriOf(contact);
        if (uri === undefined) return;
        const written = normalised(uri);
        expect(written).toBeDefined();
        expect(meaning(written?.text ?? '')).toBe(meaning(targetOf(contact) ?? ''));
      }),
      { numRuns: 2000 },
    );
  });
});
