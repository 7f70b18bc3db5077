/** A node that asks who asks, with its users and their phones. */
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import type { Subscriber } from '../../lib/stores/contract/users.ts';
import { answerTo, login, paramOf } from '../support/digest-answer.ts';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';

export const PASSWORD = 'zanzibar';

export interface Asking {
  readonly node: TestNode;
  /** Moves the clock, or tells it. */
  time: number;
  readonly phone: (name: string, options?: Partial<PhoneOptions>) => Promise<Phone>;
  /** A phone that knows the password of its user. */
  readonly owner: (name: string, algorithm?: 'MD5' | 'SHA-256') => Promise<Phone>;
  readonly close: () => Promise<void>;
}

export async function asking(
  options: TestNodeOptions = {},
  users: readonly Subscriber[] = ['alice', 'bob'].map((name) =>
    subscriberOf(`${name}@example.org`, PASSWORD),
  ),
): Promise<Asking> {
  const clock = { now: 1_800_000_000 };
  const phones: Phone[] = [];
  // Not even a server beside it may publish unasked.
  const mwi = { publishers: [] };
  const node = await startNode({ now: () => clock.now, auth: { mode: 'on' }, mwi, ...options });
  for (const user of users) await node.store.putSubscriber(user);
  const phone = async (name: string, over: Partial<PhoneOptions> = {}) => {
    const started = await Phone.start(name, { server: node.server, ...over });
    phones.push(started);
    return started;
  };
  return {
    node,
    get time() {
      return clock.now;
    },
    set time(now) {
      clock.now = now;
    },
    phone,
    owner: (name, algorithm) => phone(name, { login: login(name, PASSWORD, algorithm) }),
    close: async () => {
      for (const started of phones) started.close();
      await node.close();
    },
  };
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
