/** A node that asks who asks, with its users and their phones. */
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import type { Subscriber } from '../../lib/stores/contract/users.ts';
import { answerTo, login, paramOf } from '../support/digest-answer.ts';
import type { TestNodeOptions } from '../support/node.ts';
import type { Phone } from '../support/phone.ts';
import { aScene, type Scene } from '../support/scene.ts';
import type { Sip } from '../support/sip/message.ts';

export const PASSWORD = 'zanzibar';

export interface Asking extends Scene {
  /** A phone that knows the password of its user. */
  readonly owner: (name: string, algorithm?: 'MD5' | 'SHA-256') => Promise<Phone>;
}

export async function asking(
  options: TestNodeOptions = {},
  users: readonly Subscriber[] = ['alice', 'bob'].map((name) =>
    subscriberOf(`${name}@example.org`, PASSWORD),
  ),
): Promise<Asking> {
  // Not even a server beside it may publish unasked.
  const mwi = { publishers: [] };
  const scene = await aScene({ auth: { mode: 'on' }, mwi, ...options });
  for (const user of users) await scene.node.store.putSubscriber(user);
  return Object.assign(scene, {
    owner: (name: string, algorithm?: 'MD5' | 'SHA-256') =>
      scene.phone(name, { login: login(name, PASSWORD, algorithm) }),
  });
}

/** The challenge of an algorithm. */
export function challengeOf(answer: Sip, algorithm = 'SHA-256'): string {
  return answer.all('WWW-Authenticate').find((value) => value.includes(`algorithm=${algorithm},`)) ?? '';
}

/** Is the phone asked anew, without having been wrong? */
export function isStale(answer: Sip): boolean {
  return (
    answer.status === 401 && answer.all('WWW-Authenticate').every((value) => value.includes('stale=true'))
  );
}

/** Authorization for a REGISTER of somebody, with whatever is bent. */
export function credentials(
  challenge: string,
  { username = 'bob', password = PASSWORD, uri = 'sip:example.org', method = 'REGISTER', count = 1 } = {},
): { Authorization: string } {
  return { Authorization: answerTo({ method, uri, challenge, count }, login(username, password)) };
}

export { login, paramOf };
