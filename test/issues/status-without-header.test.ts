/** Found in use: a device's challenge or redirection went back to the sender without the header that it is nothing without. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode;
const phones: Phone[] = [];
beforeAll(async () => {
  node = await startNode();
});
afterAll(async () => {
  for (const started of phones) started.close();
  await node.close();
});
async function answerTo(status: number, headers: Readonly<Record<string, string>> = {}) {
  const alice = await Phone.start('alice', { server: node.server });
  const bob = await Phone.start(`bob-${status}`, { server: node.server, react: () => status });
  phones.push(alice, bob);
  await bob.register({ expires: 600 });
  return alice.message(bob.name, 'hi', { headers });
}

describe('what a device answers to a live message', () => {
  test.each([300, 301, 302, 305, 380, 399, 401, 407, 470])(
    '%d goes back as 480, and nothing is stored',
    async (status) => {
      const answer = await answerTo(status);
      expect([answer.status, answer.start]).toEqual([
        480,
        expect.stringContaining(`answered ${status}`) as string,
      ]);
      expect(await node.store.ledger()).toMatchObject({ waiting: 0 });
    },
  );

  test.each([416, 417, 420, 421, 422, 423, 424, 469, 489, 494])(
    '%d goes back as 500, and nothing is stored',
    async (status) => {
      expect((await answerTo(status)).status).toBe(500);
      expect(await node.store.ledger()).toMatchObject({ waiting: 0 });
    },
  );

  test.each([400, 403, 406, 413, 482, 488, 600, 603, 606])(
    '%d needs no header, and goes back as it is',
    async (status) => {
      expect((await answerTo(status)).status).toBe(status);
    },
  );

  test.each([405, 415, 503])('%d to a message that must not wait goes back as 480', async (status) => {
    expect((await answerTo(status, { Expires: '0' })).status).toBe(480);
  });
});
