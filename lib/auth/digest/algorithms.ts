/** The arithmetic of digest authentication (RFC 7616 3.4, RFC 8760). Nothing here decides anything. */
import { hash, timingSafeEqual } from 'node:crypto';

/** By their names in a challenge, and by those that node:crypto has for them. */
const HASHES = { 'SHA-256': 'sha256', MD5: 'md5' } as const;

export type Algorithm = keyof typeof HASHES;

export const ALGORITHMS = Object.keys(HASHES) as readonly Algorithm[];

/** Absent means MD5 (RFC 7616 3.4); case does not count. Undefined: one that we never offer. */
export function algorithmOf(name: string): Algorithm | undefined {
  return name === '' ? 'MD5' : ALGORITHMS.find((known) => known.toLowerCase() === name.toLowerCase());
}

export function hashOf(algorithm: Algorithm, text: string): string {
  return hash(HASHES[algorithm], text, 'hex');
}

/** What stands for the password: A1, hashed. */
export function ha1Of(algorithm: Algorithm, username: string, realm: string, password: string): string {
  return hashOf(algorithm, `${username}:${realm}:${password}`);
}

/** What a response is made of, besides the password. */
export interface Answered {
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly nc: string;
  readonly cnonce: string;
}

/** The response with `qop=auth`. */
export function responseOf(
  algorithm: Algorithm,
  ha1: string,
  { method, uri, nonce, nc, cnonce }: Answered,
): string {
  const ha2 = hashOf(algorithm, `${method}:${uri}`);
  return hashOf(algorithm, `${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`);
}

/** In a time that says nothing of where they differ. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
