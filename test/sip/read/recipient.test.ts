import { describe, expect, test } from 'vitest';
import { recipientOf } from '../../../lib/sip/read/recipient.ts';

const message = (uri: string, to: string) => ({
  uri,
  get: (name: string) => (name.toLowerCase() === 'to' ? to : undefined),
});

describe('the owner of a message', () => {
  test.each([
    [
      'the Request-URI of a served domain',
      'sip:bob@example.org',
      '<sip:team@example.org>',
      ['example.org'],
      'bob@example.org',
    ],
    [
      'To, when the Request-URI is a contact',
      'sip:bob@192.0.2.5:5071;ob',
      '<sip:bob@example.org>',
      ['example.org'],
      'bob@example.org',
    ],
    [
      'nobody, when neither is served',
      'sip:bob@elsewhere.net',
      '<sip:bob@elsewhere.net>',
      ['example.org'],
      undefined,
    ],
    [
      'host in any case, user as written',
      'sip:Bob@EXAMPLE.org',
      '<sip:x@example.org>',
      ['example.org'],
      'Bob@example.org',
    ],
    [
      'every domain: the Request-URI',
      'sip:bob@example.net',
      '<sip:alias@example.org>',
      [],
      'bob@example.net',
    ],
    [
      'every domain: To, when the Request-URI looks like a contact',
      'sip:bob@10.0.0.7:5060',
      '<sip:bob@example.org>',
      [],
      'bob@example.org',
    ],
    [
      'every domain: the Request-URI, when To has the same host',
      'sip:bob@127.0.0.1:5060',
      '<sip:alice@127.0.0.1>',
      [],
      'bob@127.0.0.1',
    ],
    [
      'every domain: To, when the Request-URI has no user',
      'sip:example.org',
      '<sip:bob@example.org>',
      [],
      'bob@example.org',
    ],
    ['nobody, when no URI has a user', 'sip:example.org', '<sip:example.org>', [], undefined],
    ['nobody, for a tel URI without a domain', 'tel:+49301234', '<tel:+49301234>', [], undefined],
  ])('is %s', (_, uri, to, domains, owner) => {
    expect(recipientOf(message(uri, to), { domains })).toBe(owner);
  });

  test('a tel number belongs to the domain given for numbers', () => {
    expect(
      recipientOf(message('tel:+49-30-1234', '<tel:+49-30-1234>'), { domains: [], telDomain: 'example.org' }),
    ).toBe('+49301234@example.org');
  });
});
