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

/** The value of Authorization. */
export function answerTo({ method, uri, challenge, count }: Asked, { username, password }: Login): string {
  const [realm, nonce, algorithm] = ['realm', 'nonce', 'algorithm'].map((name) =>
    paramOf(challenge, name),
  ) as [string, string, string];
  const digest = (text: string) =>
    createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const cnonce = randomBytes(4).toString('hex');
  const nc = count.toString(16).padStart(8, '0');
  const secret = digest([username, realm, password].join(':'));
  const response = digest([secret, nonce, nc, cnonce, 'auth', digest([method, uri].join(':'))].join(':'));
  const quoted = { username, realm, nonce, uri, response, cnonce };
  const params = Object.entries(quoted).map(([name, value]) => `${name}="${value}"`);
  return `Digest ${[...params, `algorithm=${algorithm || 'MD5'}`, 'qop=auth', `nc=${nc}`].join(', ')}`;
}
