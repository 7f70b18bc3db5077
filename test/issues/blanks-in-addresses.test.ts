/** Blanks that the grammar allows around an address, and those that it doesn't and drachtio-server takes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode;
let alice: Phone;
beforeAll(async () => {
  node = await startNode();
  alice = await Phone.start('alice', { server: node.server });
});
afterAll(async () => {
  alice.close();
  await node.close();
});

test.each([
  'sip:bob@example.org ; x = y',
  'sip:bob@example.org ;x=y',
  '< sip:bob@example.org >',
  '<sip:bob@example.org > ; x = y',
  '"Bob" < sip:bob@example.org>',
])('MESSAGE with To: %s is stored', async (to) => {
  expect((await alice.message('bob', 'hello', { to })).status).toBe(202);
});

test.each(['sip:bob@example.org x', '<sip:bob @example.org>', '<>'])(
  'MESSAGE with To: %s gets 400',
  async (to) => {
    expect((await alice.message('bob', 'hello', { to })).status).toBe(400);
  },
);
