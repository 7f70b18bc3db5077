import { describe, expect, test } from 'vitest';
import { credentialsFor } from '../../../lib/auth/digest/credentials.ts';
import { readNonce } from '../../../lib/auth/digest/nonce.ts';

/** As long as ours. */
const NONCE = 'n'.repeat(60);
const GOOD =
  `Digest username="bob", realm="example.org", nonce="${NONCE}", uri="sip:example.org", response="ABCD", ` +
  'algorithm=SHA-256, cnonce="c", qop=auth, nc=0000000a';
const answer = (value: string | undefined) => credentialsFor('example.org', value);
const read = (value: string | undefined) => {
  const credentials = answer(value);
  expect(credentials).not.toBe('foreign');
  return credentials as Exclude<typeof credentials, 'foreign'>;
};
const without = (name: string) => GOOD.replace(new RegExp(`\\b${name}=("[^"]*"|[^,]*)(, )?`), '');

describe('Authorization', () => {
  test('is read with quotes and without, the response in lower case', () => {
    expect(read(GOOD)).toEqual({
      algorithm: 'SHA-256',
      username: 'bob',
      realm: 'example.org',
      nonce: NONCE,
      uri: 'sip:example.org',
      response: 'abcd',
      nc: '0000000a',
      cnonce: 'c',
      said: readNonce(NONCE),
    });
    expect(read(GOOD.replace('qop=auth', 'qop="auth"').replaceAll(', ', '\t,  '))).toMatchObject({
      nc: '0000000a',
    });
    expect(read(GOOD.replace('Digest', 'digest').replace('username', 'USERNAME'))).toMatchObject({
      username: 'bob',
    });
  });

  test('a user name keeps its commas, and loses the backslashes of its quotes', () => {
    expect(read(GOOD.replace('"bob"', '"b\\"o, b"'))?.username).toBe('b"o, b');
    expect(read(GOOD.replace('"bob"', '"bob@example.org"'))?.username).toBe('bob@example.org');
  });

  test('without an algorithm it is MD5', () => {
    expect(read(without('algorithm'))?.algorithm).toBe('MD5');
  });

  test('of several, joined, the one for our realm counts; those for others are nobody’s', () => {
    const other = GOOD.replace('realm="example.org"', 'realm="elsewhere"').replace('bob', 'carol');
    expect(read(`${other}, ${GOOD}`)?.username).toBe('bob');
    expect(read(`${GOOD},${other}`)?.username).toBe('bob');
    expect(read(other)).toBeUndefined();
  });

  test('none at all, and those of other schemes, are none', () => {
    for (const value of [undefined, '', 'Basic Ym9iOmJvYg==', 'Bearer token="x"', 'nonsense', 'Digest'])
      expect(read(value)).toBeUndefined();
  });

  test('that answers no challenge of ours is foreign, whatever else is wrong with it', () => {
    const theirs = GOOD.replace(NONCE, '5f3a');
    for (const value of [
      theirs,
      theirs.replace(', cnonce="c", qop=auth, nc=0000000a', ''),
      GOOD.replace(NONCE, ''),
    ])
      expect(answer(value)).toBe('foreign');
    expect(answer(without('nonce'))).toBe('foreign');
    expect(answer(theirs.replace('SHA-256', 'AKAv1-MD5'))).toBe('foreign');
  });

  test.each([
    ['MD5-sess', GOOD.replace('SHA-256', 'MD5-sess'), 'the algorithm MD5-sess was not offered'],
    ['another algorithm', GOOD.replace('SHA-256', 'SHA-512-256'), 'wanted is that of a challenge'],
    ['no qop', without('qop'), 'wanted is qop=auth'],
    ['qop=auth-int', GOOD.replace('qop=auth', 'qop=auth-int'), 'wanted is qop=auth'],
    ['no cnonce', without('cnonce'), 'cnonce is missing'],
    ['no user', without('username'), 'username is missing'],
    ['nc of seven digits', GOOD.replace('0000000a', '000000a'), 'nc is wanted'],
    ['a name twice', `${GOOD}, nc=0000000b`, 'nc stands in it twice'],
    ['a hashed user name', `${GOOD}, userhash=true`, 'userhash was not offered'],
    ['a quote that never ends', `${GOOD}, opaque="x`, 'it is no list of parameters'],
    ['too much', `${GOOD}, opaque="${'x'.repeat(5_000)}"`, 'at most 4096 are read'],
  ])('with %s it is refused with a sentence that says why', (_, value, why) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining(why) as string }),
    );
  });

  test('a long text of what looks like credentials is read in no time', () => {
    const begin = performance.now();
    for (const piece of ['Digest a=', '\\"', ' , ', 'a="', 'x=\\', 'Digest '])
      try {
        read(`Digest realm="example.org", x="${piece.repeat(4_000 / piece.length)}`);
      } catch {
        // Refused is as well.
      }
    expect(performance.now() - begin).toBeLessThan(500);
  });
});
