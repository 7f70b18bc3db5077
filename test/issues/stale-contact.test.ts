/**
 * Found with a real softphone, which makes a new contact at each start: what was behind a message that the living device
 * had refused waited half a minute for the contact that it had left behind.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone, type Reaction } from '../support/phone.ts';
import { idle } from '../support/sentinel.ts';
import { until } from '../support/until.ts';

let node: TestNode;
const phones: Phone[] = [];
/** Nobody moves the clock unless the test does: what a pause holds back waits for ever. */
let time = 1_800_000_000;

afterEach(async () => {
  for (const started of phones.splice(0)) started.close();
  await node.close();
});
async function start(deliverTo: 'first' | 'every' = 'first'): Promise<void> {
  node = await startNode({ now: () => time, silo: { deliverTo, liveTimeout: 300, tailTime: 0.1 } });
}
/** A device of Bob that reacts so to messages; `json` only to those in JSON. */
async function device({ all = 200, json = all }: { all?: Reaction; json?: Reaction }): Promise<Phone> {
  const phone = await Phone.start('bob', {
    server: node.server,
    react: ({ method, text }) => (method !== 'MESSAGE' ? 200 : text.startsWith('{') ? json : all),
  });
  phones.push(phone);
  return phone;
}
async function leave(...texts: string[]): Promise<void> {
  const alice = await Phone.start('alice', { server: node.server });
  phones.push(alice);
  for (const text of texts)
    expect((await alice.message('bob', text, { contentType: typeOf(text) })).status).toBe(202);
}
const typeOf = (text: string) => (text.startsWith('{') ? 'application/json' : 'text/plain');
/** One REGISTER for both, the first one is asked first. */
const together = (one: Phone, two: Phone) =>
  one.register({ expires: 600, contact: `${one.contact};q=0.9, ${two.contact};q=0.5` });
const PLAIN: Reaction = { status: 415, headers: { Accept: 'text/plain' } };
const left = async () =>
  (await node.store.waiting('bob@example.org', time, 100)).map(({ body }) => body.toString());

describe.each(['first', 'every'] as const)('mail for %s with a contact that is stale', (deliverTo) => {
  test.each([404, 408, 410, 480, 'silence'] as const)(
    'that answers %s: the device that refused the head gets the rest at once, whichever is asked first',
    async (stale) => {
      await start(deliverTo);
      for (const first of ['stale', 'live']) {
        await leave('{"a":1}', 'one', 'two');
        const [gone, live] = [await device({ all: stale }), await device({ json: PLAIN })];
        await (first === 'stale' ? together(gone, live) : together(live, gone));
        await live.received(3);
        expect(live.texts).toEqual(['{"a":1}', 'one', 'two']);
        await live.register({ contact: '*', expires: 0 });
        const alone = await device({});
        await alone.register({ expires: 600 });
        await until(async () => expect(await left()).toEqual([]));
        await alone.unregister();
      }
    },
  );

  test.each([406, 413, 415, 488, 606])('and a device that refuses the head with %s, too', async (refusal) => {
    await start(deliverTo);
    await leave('{"a":1}', 'one', 'two');
    const [gone, live] = [await device({ all: 404 }), await device({ json: refusal })];
    await together(gone, live);
    await live.received(3);
    expect(live.texts).toEqual(['{"a":1}', 'one', 'two']);
  });
});

describe('mail for the first device that takes it', () => {
  test('what comes later goes at once, too, to the device that is done with what waits', async () => {
    await start();
    await leave('{"a":1}');
    const [gone, live] = [await device({ all: 404 }), await device({ json: PLAIN })];
    await together(gone, live);
    await idle(node, live);
    await leave('one', '{"b":2}', 'two');
    await live.received(3);
    expect(live.texts).toEqual(['{"a":1}', 'one', 'two']);
    expect(gone.texts).toEqual(['{"a":1}']);
  });

  test('the stale contact is asked again when its time has come, and has what is its own in order when it is back', async () => {
    await start();
    await leave('{"a":1}', 'one', '{"b":2}');
    const [back, live] = [await device({ all: 404 }), await device({ json: PLAIN })];
    await together(live, back);
    await live.received(2);
    await idle(node, live);
    back.react = () => 200;
    await leave('two');
    await live.received(3);
    time += 40;
    await back.received(3);
    await until(async () => expect(await left()).toEqual([]));
    expect(back.texts).toEqual(['{"a":1}', '{"a":1}', '{"b":2}']);
    expect(live.texts).toEqual(['{"a":1}', 'one', 'two']);
  });

  test('of two that live, one that refuses the head is no reason for the other not to get it', async () => {
    await start();
    await leave('{"a":1}', 'one', '{"b":2}');
    const [plain, all] = [await device({ json: PLAIN }), await device({})];
    await together(plain, all);
    await until(async () => expect(await left()).toEqual([]));
    expect(plain.texts).toEqual(['{"a":1}', 'one']);
    expect(all.texts).toEqual(['{"a":1}', '{"b":2}']);
  });

  test('a device that is busy has not spoken: nothing overtakes the head', async () => {
    await start();
    await leave('one', 'two');
    const [gone, live] = [await device({ all: 404 }), await device({ all: 486 })];
    await together(gone, live);
    await idle(node, live);
    expect([gone.texts, live.texts]).toEqual([['one'], ['one']]);
    expect(await left()).toEqual(['one', 'two']);
  });
});
