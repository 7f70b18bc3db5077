import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isFor, isGenuine, makeNonce, readNonce } from '../../../lib/auth/digest/nonce.ts';
import { NonceUses } from '../../../lib/auth/digest/nonce-uses.ts';

const KEY = { id: 7, secret: randomBytes(32), made: 0 };
const make = () => makeNonce(KEY, { time: 1_800_000_000, node: 42, source: '192.0.2.1' });

describe('a nonce', () => {
  test('says its key, its time and its node, and no two are the same', () => {
    expect(readNonce(make())).toEqual({ keyId: 7, time: 1_800_000_000, node: 42 });
    expect(make()).not.toBe(make());
  });

  test('is genuine only with the key that made it, and as a whole', () => {
    const text = make();
    expect(isGenuine(text, KEY)).toBe(true);
    expect(isGenuine(text, { ...KEY, secret: randomBytes(32) })).toBe(false);
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      expect(isGenuine(`${text.slice(0, at)}${other}${text.slice(at + 1)}`, KEY)).toBe(false);
    }
  });

  test('is for the address that it was made for', () => {
    expect(isFor(make(), KEY, '192.0.2.1')).toBe(true);
    expect(isFor(make(), KEY, '192.0.2.2')).toBe(false);
  });

  test('what has not the form of ours is none', () => {
    for (const text of ['', 'abc', make().slice(1), `${make()}A`, `${make().slice(0, -1)}=`])
      expect(readNonce(text)).toBeUndefined();
  });
});

describe('uses of a nonce', () => {
  const nonce = { keyId: 1, time: 1_000, node: 42 };
  const uses = (most?: number) => new NonceUses({ node: 42, foreign: 30, ...(most ? { most } : {}) });

  test('each count is good once, also out of order within 32', () => {
    const counts = uses();
    const use = (nc: number) => counts.use('n', nonce, { nc, now: 1_001, source: 's' });
    expect([1, 1, 3, 2, 2, 3, 40, 9, 8, 39, 39, 41].map(use)).toEqual([
      ...[true, false, true, true, false, false],
      ...[true, true, false, true, false, true],
    ]);
    expect(use(0)).toBe(false);
    expect(use(0xffff_ffff)).toBe(true);
    expect(use(0xffff_ffff)).toBe(false);
    expect(use(0xffff_ffff - 31)).toBe(true);
    expect(use(0xffff_ffff - 31)).toBe(false);
  });

  test('a count of nothing is none', () => {
    expect(uses().use('n', nonce, { nc: 0, now: 1_001, source: 's' })).toBe(false);
  });

  test('a nonce of another node is good while it is young', () => {
    const foreign = { ...nonce, node: 43 };
    const counts = uses();
    expect(counts.use('f', foreign, { nc: 1, now: 1_030, source: 's' })).toBe(true);
    expect(counts.use('f', foreign, { nc: 1, now: 1_030, source: 's' })).toBe(false);
    expect(counts.use('f', foreign, { nc: 2, now: 1_031, source: 's' })).toBe(false);
    expect(counts.use('g', foreign, { nc: 1, now: 1_031, source: 's' })).toBe(false);
  });

  test('what had to be forgotten is not taken again, nor what is as old', () => {
    const counts = uses(2);
    const use = (text: string, time: number) =>
      counts.use(text, { ...nonce, time }, { nc: 1, now: 1_010, source: 's' });
    expect(use('a', 1_001)).toBe(true);
    expect(use('b', 1_002)).toBe(true);
    expect(use('c', 1_003)).toBe(true);
    expect(use('a', 1_001)).toBe(false);
    expect(use('d', 1_001)).toBe(false);
    expect(use('e', 1_004)).toBe(true);
  });
});
