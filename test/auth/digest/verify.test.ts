import { describe, expect, test } from 'vitest';
import { ha1Of, responseOf, type Algorithm } from '../../../lib/auth/digest/algorithms.ts';
import { challengeHeaders } from '../../../lib/auth/digest/challenge.ts';
import { isRight, isSameTarget } from '../../../lib/auth/digest/verify.ts';

const PASSWORD = 'zanzibar';
const asked = { uri: 'sip:example.org', nonce: 'n', nc: '00000001', cnonce: 'c', realm: 'example.org' };

function answer(algorithm: Algorithm, username: string, password = PASSWORD) {
  const ha1 = ha1Of(algorithm, username, asked.realm, password);
  const response = responseOf(algorithm, ha1, { method: 'REGISTER', ...asked });
  return { algorithm, username, response, ...asked };
}
const ha1 = (algorithm: Algorithm, username: string) => ha1Of(algorithm, username, asked.realm, PASSWORD);

describe('a response', () => {
  test('is right with the password, or with what stands for it in its algorithm', () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const)
      expect(isRight('REGISTER', answer(algorithm, 'bob'), { password: PASSWORD })).toBe(true);
    expect(isRight('REGISTER', answer('MD5', 'bob'), { ha1: ha1('MD5', 'bob').toUpperCase() })).toBe(true);
    expect(isRight('REGISTER', answer('SHA-256', 'bob'), { ha1Sha256: ha1('SHA-256', 'bob') })).toBe(true);
  });

  test('for a user name with its domain there are ha1b and its twin', () => {
    const name = 'bob@example.org';
    const both = { ha1b: ha1('MD5', name), ha1bSha256: ha1('SHA-256', name) };
    expect(isRight('REGISTER', answer('MD5', name), both)).toBe(true);
    expect(isRight('REGISTER', answer('SHA-256', name), both)).toBe(true);
    expect(isRight('REGISTER', answer('MD5', name), { ha1: ha1('MD5', 'bob') })).toBe(false);
  });

  test('is wrong with another password, method, user or algorithm, and for nobody', () => {
    const secrets = { ha1: ha1('MD5', 'bob'), ha1Sha256: '', password: '' };
    expect(isRight('REGISTER', answer('MD5', 'bob'), secrets)).toBe(true);
    expect(isRight('REGISTER', answer('MD5', 'bob', 'other'), secrets)).toBe(false);
    expect(isRight('MESSAGE', answer('MD5', 'bob'), secrets)).toBe(false);
    expect(isRight('REGISTER', answer('MD5', 'bobby'), secrets)).toBe(false);
    expect(isRight('REGISTER', answer('SHA-256', 'bob'), secrets)).toBe(false);
    expect(isRight('REGISTER', answer('MD5', 'bob'), undefined)).toBe(false);
    expect(isRight('REGISTER', answer('MD5', 'bob', ''), { ha1: '', password: '' })).toBe(false);
  });
});

test('the uri is that of the request but for ports and parameters, never another user or domain', () => {
  for (const uri of ['sip:bob@example.org', 'sip:bob@EXAMPLE.org', 'sip:bob@example.org:5060;transport=tcp'])
    expect(isSameTarget(uri, 'sip:bob@example.org')).toBe(true);
  for (const uri of [
    'sip:carol@example.org',
    'sip:bob@example.com',
    'sip:example.org',
    'sip:Bob@example.org',
    '*',
    '',
  ])
    expect(isSameTarget(uri, 'sip:bob@example.org')).toBe(false);
});

test('each algorithm has a challenge of its own, in the order in which they were given', () => {
  const challenge = {
    realm: 'example.org',
    nonce: 'n',
    algorithms: ['SHA-256', 'MD5'],
    stale: false,
  } as const;
  const [first, second, ...more] = Object.entries(challengeHeaders(challenge));
  expect(first).toEqual([
    'WWW-Authenticate',
    'Digest realm="example.org", nonce="n", algorithm=SHA-256, qop="auth"',
  ]);
  expect(second?.[0]?.trim()).toBe('WWW-Authenticate');
  expect(second?.[1]).toContain('algorithm=MD5');
  expect(more).toEqual([]);
  expect(challengeHeaders({ ...challenge, stale: true })['WWW-Authenticate']).toContain('stale=true');
});
