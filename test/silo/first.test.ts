import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode;
beforeEach(async () => {
  node = await startNode();
});
afterEach(() => node.close());

test('a message for somebody who is not there waits and arrives at registration', async () => {
  const alice = await Phone.start('alice', { server: node.server });
  const bob = await Phone.start('bob', { server: node.server, transport: 'tcp' });
  for (const text of ['one', 'two', 'three']) expect((await alice.message('bob', text)).status).toBe(202);
  expect((await bob.register({ expires: 60 })).status).toBe(200);
  await bob.received(3);
  expect(bob.texts).toEqual(['one', 'two', 'three']);
  alice.close();
  bob.close();
});
