/** SILO_MWI_WATCHERS and SILO_MWI_PUBLISHERS, as an operator writes them. */
import { describe, expect, test } from 'vitest';
import { createPublishers, createWatchers } from '../../lib/auth/lamp-rules.ts';
import { checkOptions } from '../../lib/options/check.ts';
import { mwiOptions } from '../../lib/mwi/request/options.ts';

describe('watchers', () => {
  test.each([
    ['reception@example.org>sales@example.org', 'reception@example.org', 'sales@example.org', true],
    ['reception@example.org>sales@example.org', 'reception@example.org', 'bob@example.org', false],
    ['reception@example.org>sales@example.org', 'bob@example.org', 'sales@example.org', false],
    ['Reception@EXAMPLE.org > sales@example.org', 'Reception@example.org', 'sales@example.org', true],
    ['*@example.org>info@example.org', 'bob@example.org', 'info@example.org', true],
    ['*@example.org>info@example.org', 'bob@example.org.evil.net', 'info@example.org', false],
    ['*@example.org>info@example.org', 'bob@sub.example.org', 'info@example.org', false],
    ['*@*.example.org>info@example.org', 'bob@sub.example.org', 'info@example.org', true],
    ['boss@example.org>*', 'boss@example.org', 'bob@example.net', true],
    ['*>info@example.org', 'bob@example.net', 'info@example.org', true],
    // A dot is a dot, and what stands around the star stands there.
    ['bob@example.org>team-*@example.org', 'bob@example.org', 'team-a@example.org', true],
    ['bob@example.org>team-*@example.org', 'bob@example.org', 'a-team-a@example.org', false],
    ['bob@example.org>a.b@example.org', 'bob@example.org', 'axb@example.org', false],
    ['bob@example.org>+49*@example.org', 'bob@example.org', '+4930@example.org', true],
  ])('%s: %s and %s', (entry, watcher, mailbox, allowed) => {
    expect(createWatchers([entry]).allow(watcher, mailbox)).toBe(allowed);
  });

  test.each([
    ['sales@example.org', 'does not say who may watch what'],
    ['a@b>c@d>e@f', 'does not say who may watch what'],
    ['bob>sales@example.org', '"bob" is no address such as bob@example.org'],
    ['bob@example.org>', '"" is no address such as bob@example.org'],
    ['bob@ex ample.org>sales@example.org', 'is no address'],
  ])('%s is refused: %s', (entry, why) => {
    expect(() => checkOptions(mwiOptions, { watchers: [entry] })).toThrow(why);
  });
});

describe('publishers', () => {
  test('are networks and addresses in one list', () => {
    const { publishers: entries } = checkOptions(mwiOptions, {
      publishers: ['10.0.0.0/8', 'Voicemail@example.org', 'pbx-*@example.org'],
    });
    const publishers = createPublishers(entries);
    expect(publishers.haveAddressOf({ source_address: '10.1.2.3' })).toBe(true);
    expect(publishers.haveAddressOf({ source_address: '127.0.0.1' })).toBe(false);
    expect(publishers.names('Voicemail@example.org')).toBe(true);
    expect(publishers.names('pbx-2@example.org')).toBe(true);
    expect(publishers.names('voicemail@example.org')).toBe(false);
  });

  test.each([
    ['127.0.0.1', 'udp/127.0.0.1:5060,tcp/[::1]:5060', true],
    ['::1', 'udp/127.0.0.1:5060', true],
    ['127.0.0.1', 'udp/127.0.0.1:5060, udp/192.0.2.1:5060', false],
    ['127.0.0.1', 'udp/0.0.0.0:5060', false],
    ['127.0.0.1', '', false],
    ['192.0.2.7', 'udp/127.0.0.1:5060', false],
  ])('without the option: a program at %s, of a server at %s: %s', (source, hostport, may) => {
    const publishers = createPublishers(checkOptions(mwiOptions, {}).publishers);
    expect(publishers.haveAddressOf({ source_address: source, server: { hostport } })).toBe(may);
    expect(publishers.haveAddressOf({ source_address: source })).toBe(false);
    expect(publishers.names('bob@example.org')).toBe(false);
  });

  test('a network of this machine that is named counts wherever the server listens', () => {
    const publishers = createPublishers(['127.0.0.0/8']);
    const server = { hostport: 'udp/192.0.2.1:5060' };
    expect(publishers.haveAddressOf({ source_address: '127.0.0.1', server })).toBe(true);
  });

  test.each(['example.org', '10.0.0.0/33', '10.0.0.256', 'voicemail@'])('%s is refused', (entry) => {
    expect(() => checkOptions(mwiOptions, { publishers: [entry] })).toThrow('publishers');
  });
});
