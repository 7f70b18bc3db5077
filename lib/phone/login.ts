/** How a phone answers a challenge (RFC 7616 3.4, RFC 8760). */
import { randomBytes } from 'node:crypto';
import { algorithmOf, ha1Of, hashOf, responseOf, type Algorithm } from '../auth/digest/algorithms.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** A challenge that this phone can answer. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: Algorithm;
  readonly opaque: string;
  readonly qop: boolean;
  readonly stale: boolean;
}

/** The first that it knows: servers name the strongest first. */
export function challengeOf(values: readonly string[]): Challenge | undefined {
  for (const value of values) {
    const of = (name: string): string => {
      const found = new RegExp(
        `(?:^|[\\s,])${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s",]*))`,
        'i',
      ).exec(value);
      return found?.[1] ?? found?.[2] ?? '';
    };
    const algorithm = algorithmOf(of('algorithm'));
    const qops = of('qop').split(/[\s,]+/);
    if (!/^Digest\s/i.test(value) || algorithm === undefined) continue;
    if (qops[0] !== '' && !qops.includes('auth')) continue;
    return {
      realm: of('realm'),
      nonce: of('nonce'),
      algorithm,
      opaque: of('opaque'),
      qop: qops[0] !== '',
      stale: /^true$/i.test(of('stale')),
    };
  }
  return undefined;
}

/** The value of Authorization. */
export function answerTo(
  { realm, nonce, algorithm, opaque, qop }: Challenge,
  { username, password }: Account,
  { method, uri }: { readonly method: string; readonly uri: string },
): string {
  const ha1 = ha1Of(algorithm, username, realm, password);
  const [cnonce, nc] = [randomBytes(8).toString('hex'), '00000001'];
  // A server without a qop wants what RFC 2069 says.
  const response = qop
    ? responseOf(algorithm, ha1, { method, uri, nonce, nc, cnonce })
    : hashOf(algorithm, `${ha1}:${nonce}:${hashOf(algorithm, `${method}:${uri}`)}`);
  const quoted = Object.entries({
    username,
    realm,
    nonce,
    uri,
    response,
    ...(opaque === '' ? {} : { opaque }),
  });
  return [
    `Digest ${quoted.map(([name, text]) => `${name}="${text}"`).join(', ')}`,
    `algorithm=${algorithm}`,
    ...(qop ? ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`] : []),
  ].join(', ');
}
