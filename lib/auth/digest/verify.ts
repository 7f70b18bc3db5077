/** Is a response the right one? What was asked for, and by whom the password is known, is decided elsewhere. */
import { parseUri, sameUri } from '../../sip/read/uri.ts';
import { ha1Of, hashOf, responseOf, sameText, type Algorithm } from './algorithms.ts';
import type { Credentials } from './credentials.ts';

/** What is known of a user: the password itself, or what stands for it. Empty or absent: not known. */
export interface Secrets {
  readonly password?: string | undefined;
  /** MD5 of `user:realm:password`, as Kamailio's `ha1`. */
  readonly ha1?: string | undefined;
  /** MD5 of `user@domain:realm:password`, as Kamailio's `ha1b`: for phones that send their user name so. */
  readonly ha1b?: string | undefined;
  readonly ha1Sha256?: string | undefined;
  readonly ha1bSha256?: string | undefined;
}

/**
 * Nobody has these: what an unknown user, or one without the secret that is asked for, is compared with, so that the work
 * is the same.
 */
const NOBODYS = { 'SHA-256': hashOf('SHA-256', `${Math.random()}`), MD5: hashOf('MD5', `${Math.random()}`) };

export function isRight(
  method: string,
  credentials: Omit<Credentials, 'said'>,
  secrets: Secrets | undefined,
): boolean {
  const { algorithm, response } = credentials;
  const known = ha1For(credentials, secrets);
  const wanted = responseOf(algorithm, known ?? NOBODYS[algorithm], { method, ...credentials });
  return sameText(response, wanted) && known !== undefined;
}

function ha1For(
  { algorithm, username, realm }: Pick<Credentials, 'algorithm' | 'username' | 'realm'>,
  secrets: Secrets | undefined,
): string | undefined {
  const password = secrets?.password ?? '';
  // As much work for whom we don't know as for somebody with a password.
  const ofPassword = ha1Of(algorithm, username, realm, password);
  if (password !== '') return ofPassword;
  const kept = secrets && keptFor(algorithm, username.includes('@'), secrets);
  return kept === undefined || kept === '' ? undefined : kept.toLowerCase();
}

function keptFor(algorithm: Algorithm, withDomain: boolean, secrets: Secrets): string | undefined {
  if (algorithm === 'MD5') return withDomain ? secrets.ha1b : secrets.ha1;
  return withDomain ? secrets.ha1bSha256 : secrets.ha1Sha256;
}

/**
 * Is the `uri` that was hashed the one that is asked for? Proxies on the way add and take parameters and ports (RFC 3261 22.4,
 * item 7 of RFC 2617 3.2.2.5), never another user or domain: who answers for one mailbox has not answered for another.
 */
export function isSameTarget(uri: string, requestUri: string): boolean {
  if (uri === requestUri || sameUri(uri, requestUri)) return true;
  const [one, other] = [parseUri(uri), parseUri(requestUri)];
  return one !== undefined && other !== undefined && one.user === other.user && one.host === other.host;
}
