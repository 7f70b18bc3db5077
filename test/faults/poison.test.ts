/** Must be shown 4: one message that a device chokes on, in the middle of a thousand. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { atRest, idle } from '../support/sentinel.ts';
import { until as soon } from '../support/until.ts';

const MESSAGES = 1_000;
const POISON = 500;
const BOB = 'bob@example.org';

let node: TestNode;
let alice: Phone;
let bob: Phone;
let time: number;
/** What bob says to the poison. */
let answer: number;

beforeEach(async () => {
  time = 1_800_000_000;
  node = await startNode({
    now: () => time,
    // One sender writes a thousand messages to one address.
    limits: { limits: false },
    registrar: { maxExpires: 1_000_000 },
    silo: { tailTime: 0.05 },
  });
  alice = await Phone.start('alice', { server: node.server });
  bob = await Phone.start('bob', { server: node.server });
  bob.react = ({ method, body }) => (method === 'MESSAGE' && body.toString() === text(POISON) ? answer : 200);
  for (let number = 0; number < MESSAGES; number++)
    expect((await alice.message('bob', text(number))).status).toBe(202);
});
afterEach(async () => {
  alice.close();
  bob.close();
  await node.close();
});

const text = (number: number) => `message ${number}`;
const others = Array.from({ length: MESSAGES }, (_, number) => number).filter((number) => number !== POISON);
/** What bob took, in order. */
const taken = () => bob.texts.filter((body) => body !== text(POISON));
const until = (check: () => Promise<void>) => soon(check, 60_000);

async function replayed(): Promise<void> {
  const letters = await node.silo.deadLetters.list({ box: BOB });
  answer = 200;
  expect(await node.silo.deadLetters.replay(letters.map(({ id }) => id))).toBe(1);
  await until(async () =>
    expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: MESSAGES, dead: 0 }),
  );
  expect(bob.texts.at(-1)).toBe(text(POISON));
  expect(await node.silo.deadLetters.list({ box: BOB })).toEqual([]);
}

describe('a poison message in the middle of 1,000', () => {
  test(
    'that the device calls malformed is a dead letter at once; the other 999 arrive in order, and replay works',
    { timeout: 120_000 },
    async () => {
      answer = 400;
      await bob.register({ expires: 900_000 });
      await until(async () =>
        expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: MESSAGES - 1, dead: 1 }),
      );
      expect(taken()).toEqual(others.map(text));
      expect(bob.texts.filter((body) => body === text(POISON))).toHaveLength(1);
      const [letter] = await node.silo.deadLetters.list({ box: BOB });
      expect(letter).toMatchObject({
        box: BOB,
        status: 400,
        reason: 'Scripted',
        srcAddr: 'sip:alice@example.org',
      });
      await replayed();
    },
  );

  test(
    'that the device fails on is stepped over in the third session and a dead letter after 8 attempts',
    { timeout: 120_000 },
    async () => {
      answer = 500;
      await bob.register({ expires: 900_000 });
      await bob.received(POISON + 1, 60_000);
      // The hours go by; nobody registers again.
      for (let step = 0; step < 30; step++) {
        time += 4_000;
        await atRest(node);
      }
      expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: MESSAGES - 1, dead: 1 });
      expect(taken()).toEqual(others.map(text));
      expect(bob.texts.filter((body) => body === text(POISON))).toHaveLength(8);
      const [letter] = await node.silo.deadLetters.list({ box: BOB });
      expect(letter).toMatchObject({ status: 500, reason: 'no success after 8 attempts: Scripted' });
      await replayed();
      // Nothing comes after that.
      time += 4_000;
      await atRest(node);
      await idle(node, bob);
      expect(bob.messages).toHaveLength(MESSAGES + 8);
    },
  );
});
