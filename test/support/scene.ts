/** A node, its phones and its time: what the tests of one silo share. */
import { expect } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from './node.ts';
import { Phone, type PhoneOptions } from './phone.ts';

export interface Scene {
  readonly node: TestNode;
  /** Moves the clock, or tells it. */
  time: number;
  readonly phone: (name: string, options?: Partial<PhoneOptions>) => Promise<Phone>;
  /** Alice leaves messages for somebody who is not there. */
  readonly leave: (to: string, ...texts: string[]) => Promise<void>;
  /** Texts that wait for an AoR of example.org. */
  readonly texts: (user: string) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export async function aScene(options: TestNodeOptions = {}): Promise<Scene> {
  const phones: Phone[] = [];
  const clock = { now: 1_800_000_000 };
  const node = await startNode({ now: () => clock.now, ...options });
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
    leave: async (to, ...texts) => {
      const alice = await phone('alice');
      for (const text of texts) expect((await alice.message(to, text)).status).toBe(202);
    },
    texts: async (user) =>
      (await node.store.waiting(`${user}@example.org`, clock.now, 1000)).map(({ body }) => body.toString()),
    close: async () => {
      for (const started of phones) started.close();
      await node.close();
    },
  };
}
