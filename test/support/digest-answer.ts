/** How a phone answers a challenge: digest authentication written a second time, with nothing of the code under test. */
import { createHash, randomBytes } from 'node:crypto';

export interface Login {
  readonly username: string;
  readonly password: string;
  /** Which of the challenges it answers. */
  readonly choose: (challenges: readonly string[]) => string;
}

export interface Asked {
  readonly method: string;
  readonly uri: string;
  readonly challenge: string;
  /** How often the challenge was used, this time included. */
  readonly count: number;
}

/** Answers the first challenge of the algorithm; without one, the first of all. */
export function login(username: string, password: string, algorithm?: 'MD5' | 'SHA-256'): Login {
  const choose = (challenges: readonly string[]) =>
    challenges.find(
      (challenge) => algorithm === undefined || challenge.includes(`algorithm=${algorithm},`),
    ) ??
    challenges[0] ??
    '';
  return { username, password, choose };
}

export function paramOf(challenge: string, name: string): string {
  const found = new RegExp(`[ ,]${name}=(?:"([^"]*)"|([^,\\s]*))`, 'i').exec(challenge);
  return found?.[1] ?? found?.[2] ?? '';
}

/** The value of Authorization. A server that offers no `qop` gets the answer of RFC 2069. */
export function answerTo({ method, uri, challenge, count }: Asked, { username, password }: Login): string {
  const [realm, nonce, algorithm, opaque] = ['realm', 'nonce', 'algorithm', 'opaque'].map((name) =>
    paramOf(challenge, name),
  ) as [string, string, string, string];
  const digest = (...parts: readonly string[]) =>
    createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(parts.join(':'))
      .digest('hex');
  const cnonce = randomBytes(4).toString('hex');
  const nc = count.toString(16).padStart(8, '0');
  const [secret, request] = [digest(username, realm, password), digest(method, uri)];
  const qop = /qop="?[^"]*auth/.test(challenge);
  const response = qop ? digest(secret, nonce, nc, cnonce, 'auth', request) : digest(secret, nonce, request);
  const quoted = {
    ...{ username, realm, nonce, uri, response },
    ...(qop ? { cnonce } : {}),
    ...(opaque === '' ? {} : { opaque }),
  };
  const params = Object.entries(quoted).map(([name, value]) => `${name}="${value}"`);
  const counted = qop ? ['qop=auth', `nc=${nc}`] : [];
  return `Digest ${[...params, `algorithm=${algorithm || 'MD5'}`, ...counted].join(', ')}`;
}
