/** The answer of a phone to a challenge (RFC 7616 3.4, RFC 3261 22). */
import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
}

/** The value for Authorization or Proxy-Authorization. @param challenge that of WWW-Authenticate or Proxy-Authenticate */
export function credentials(challenge: string, { user, password, method, uri }: Credentials): string {
  const param = (name: string) =>
    new RegExp(`[\\s,]${name}="?([^",]*)"?`, 'i').exec(challenge)?.[1]?.trim() ?? '';
  const [realm, nonce, opaque, algorithm] = ['realm', 'nonce', 'opaque', 'algorithm'].map(param);
  const hash = (text: string) =>
    createHash(/sha-256/i.test(algorithm ?? '') ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const [ha1, ha2] = [hash(`${user}:${realm}:${password}`), hash(`${method}:${uri}`)];
  const cnonce = randomBytes(8).toString('hex');
  const qop = /\bqop="?[^"]*\bauth\b/i.test(challenge);
  const response = qop
    ? hash(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`)
    : hash(`${ha1}:${nonce}:${ha2}`);
  return [
    `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`,
    ...(algorithm === '' ? [] : [`algorithm=${algorithm}`]),
    ...(opaque === '' ? [] : [`opaque="${opaque}"`]),
    ...(qop ? [`qop=auth, nc=00000001, cnonce="${cnonce}"`] : []),
  ].join(', ');
}
