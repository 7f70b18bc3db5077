import { describe, expect, test } from 'vitest';
import { algorithmOf, ha1Of, responseOf, sameText } from '../../../lib/auth/digest/algorithms.ts';

/** RFC 7616 3.9.1. */
const RFC7616 = {
  method: 'GET',
  uri: '/dir/index.html',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  nc: '00000001',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
};
const mufasa = (algorithm: 'MD5' | 'SHA-256') =>
  ha1Of(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life');

describe('the worked examples give the digests that stand in them', () => {
  test('RFC 7616 3.9.1 with MD5', () => {
    expect(responseOf('MD5', mufasa('MD5'), RFC7616)).toBe('8ca523f5e9506fed4657c9700eebdbec');
  });

  test('RFC 7616 3.9.1 with SHA-256', () => {
    expect(responseOf('SHA-256', mufasa('SHA-256'), RFC7616)).toBe(
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    );
  });

  test('RFC 2617 3.5, which RFC 3261 22.4 follows', () => {
    const answered = {
      method: 'GET',
      uri: '/dir/index.html',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      nc: '00000001',
      cnonce: '0a4f113b',
    };
    const ha1 = ha1Of('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life');
    expect(ha1).toBe('939e7578ed9e3c518a452acee763bce9');
    expect(responseOf('MD5', ha1, answered)).toBe('6629fae49393a05397450978507c4ef1');
  });

  test('an INVITE of SIP (draft-smith-sipping-auth-examples 3.3)', () => {
    const answered = {
      method: 'INVITE',
      uri: 'sip:bob@biloxi.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      nc: '00000001',
      cnonce: '0a4f113b',
    };
    const ha1 = ha1Of('MD5', 'bob', 'biloxi.com', 'zanzibar');
    expect(responseOf('MD5', ha1, answered)).toBe('89eb0059246c02b2f6ee02c7961d5ea3');
  });
});

test('an algorithm that is not named is MD5, its case does not count, and -sess is none of ours', () => {
  expect(algorithmOf('')).toBe('MD5');
  expect(algorithmOf('sha-256')).toBe('SHA-256');
  for (const name of ['MD5-sess', 'SHA-256-sess', 'SHA-512-256', 'constructor'])
    expect(algorithmOf(name)).toBeUndefined();
});

test('texts of different lengths are different, without a complaint', () => {
  expect(sameText('abc', 'abc')).toBe(true);
  expect(sameText('abc', 'abd')).toBe(false);
  expect(sameText('abc', 'ab')).toBe(false);
});
