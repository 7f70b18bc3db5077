/** What lives as long as a subscription keeps nothing else of the messages that it is made of. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ownTexts } from '../../../lib/base/own-text.ts';
import { answerOf } from '../../../lib/sip/drachtio/wire/taken.ts';
import { LampPhone } from '../../support/lamp-phone.ts';
import { startNode } from '../../support/node.ts';

const COUNT = 200;
const SIZE = 50_000;

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

/** Bytes of the heap that stay for each time. */
async function kept(work: () => Promise<unknown>): Promise<number> {
  gc();
  const before = process.memoryUsage().heapUsed;
  await work();
  gc();
  return (process.memoryUsage().heapUsed - before) / COUNT;
}

test('reason phrases of answers', async () => {
  const reasons: string[] = [];
  const answer = (number: number) =>
    `0-0|sip|network|1|udp|10.0.0.1|5060|12:00:00|t|d\r\nSIP/2.0 200 a reason of some length ${number}\r\nX: ${'y'.repeat(SIZE)}\r\n\r\n`;
  const taken = await kept(() => {
    for (let number = 0; number < COUNT; number++)
      reasons.push(answerOf(Buffer.from(answer(number)).toString())?.reason ?? '');
    return Promise.resolve();
  });
  expect(reasons).toHaveLength(COUNT);
  expect(taken).toBeLessThan(SIZE / 10);
});

test('subscriptions, and their dialogs in the embedded front end', async () => {
  const node = await startNode();
  const phone = await LampPhone.start('bob', { server: node.server, transport: 'tcp', keeps: false });
  const padding = Object.fromEntries(
    Array.from({ length: 10 }, (_, nth) => [`X-Padding-${nth}`, 'y'.repeat(SIZE / 10)]),
  );
  phone.phone.react = () => ({ status: 200, headers: padding });
  const subscribe = async (number: number) => {
    const aor = `bob${number}@example.org`;
    const { answer } = await phone.subscribe({ ...padding, From: `<sip:${aor}>;tag=${number}` }, aor);
    expect(answer.status).toBe(200);
  };
  try {
    await subscribe(COUNT);
    const taken = await kept(async () => {
      for (let number = 0; number < COUNT; number++) await subscribe(number);
    });
    expect((await node.mwi.mailboxes.list({ limit: 500 })).mailboxes.length).toBeGreaterThan(COUNT / 2);
    expect(taken).toBeLessThan(SIZE / 2);
  } finally {
    phone.phone.close();
    await node.close();
  }
});

test('texts are copied wherever they stand, and what is no text is left alone', () => {
  const flow = new (class Flow {
    name = 'a';
  })();
  const facts = { a: 'x', list: ['y', 1], deep: { b: 'z', none: undefined }, flow, when: 3, no: null };
  expect(ownTexts(facts)).toEqual(facts);
  expect(ownTexts(facts).flow).toBe(flow);
});
