/** Found in use: a MESSAGE that came by two ways was delivered twice when the device had not answered the first one yet. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await startNode(options);
  cleanups.push(() => node.close());
  return node;
}
async function phone(node: TestNode, name: string, react?: PhoneOptions['react']): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server, ...(react ? { react } : {}) });
  cleanups.push(() => started.close());
  return started;
}
/** A reaction that comes when the test says so. */
function held() {
  const answers: ((status: number) => void)[] = [];
  return {
    react: () => new Promise<number>((resolve) => answers.push(resolve)),
    answer: (status: number) => {
      for (const give of answers.splice(0)) give(status);
    },
  };
}
const identity = () => ({
  callId: randomBytes(8).toString('hex'),
  cseq: 7,
  tag: randomBytes(4).toString('hex'),
});
const statuses = async (sent: readonly Promise<{ readonly status: number }>[]) =>
  (await Promise.all(sent)).map(({ status }) => status);

/** Bob's device has a message of alice's, and has not answered it yet. */
async function oneUnderWay(react: PhoneOptions['react'], options: TestNodeOptions = {}) {
  const node = await start(options);
  const [alice, bob] = [await phone(node, 'alice'), await phone(node, 'bob', react)];
  await bob.register({ expires: 600 });
  const same = identity();
  const sent = [alice.message('bob', 'once', same)];
  await bob.received(1);
  return { node, alice, bob, same, sent };
}

describe('the same MESSAGE on two branches while the first one is under way', () => {
  test('and the device has not answered: it has it once, both branches hear its 200', async () => {
    const device = held();
    const { alice, bob, same, sent } = await oneUnderWay(device.react);
    sent.push(alice.message('bob', 'once', same), alice.message('bob', 'once', same));
    await alice.heard();
    device.answer(200);
    bob.react = () => 200;
    expect(await statuses(sent)).toEqual([200, 200, 200]);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['once']);
  });

  test('and the device stays silent: both hear 202, one copy waits', async () => {
    const { node, alice, bob, same, sent } = await oneUnderWay(() => 'silence', {
      silo: { liveTimeout: 500 },
    });
    sent.push(alice.message('bob', 'once', same));
    expect(await statuses(sent)).toEqual([202, 202]);
    expect(await node.store.ledger()).toMatchObject({ waiting: 1 });
    expect(bob.texts).toEqual(['once']);
  });

  test('and the device refuses it: both hear that, and a third one after it is tried', async () => {
    const device = held();
    const { alice, bob, same, sent } = await oneUnderWay(device.react);
    sent.push(alice.message('bob', 'once', same));
    await alice.heard();
    device.answer(603);
    expect(await statuses(sent)).toEqual([603, 603]);
    bob.react = () => 200;
    expect((await alice.message('bob', 'once', same)).status).toBe(200);
    expect(bob.texts).toEqual(['once', 'once']);
  });

  test.each([
    ['text', 'other', {}],
    ['From tag', 'once', { tag: 'other' }],
    ['CSeq', 'once', { cseq: 8 }],
  ])('but with another %s is another message: both go', async (_, text, difference) => {
    const device = held();
    const { alice, bob, same, sent } = await oneUnderWay(device.react);
    sent.push(alice.message('bob', text, { ...same, ...difference }));
    bob.react = () => 200;
    device.answer(200);
    expect(await statuses(sent)).toEqual([200, 200]);
    expect(bob.texts).toEqual(['once', text]);
  });

  test('where all messages go by way of the box: stored once', async () => {
    const node = await start({ silo: { deliverTo: 'every' } });
    const [alice, bob] = [await phone(node, 'alice'), await phone(node, 'bob')];
    const same = identity();
    const sent = Array.from({ length: 5 }, () => alice.message('bob', 'once', same));
    expect(await statuses(sent)).toEqual([202, 202, 202, 202, 202]);
    expect(await node.store.ledger()).toMatchObject({ waiting: 1 });
    await bob.register({ expires: 600 });
    await bob.received(1);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['once']);
  });

  test('when the connection to drachtio-server was cut meanwhile is handled: the first one can have no answer', async () => {
    let routed = 0;
    const node = await start({
      chain: ({ srf, silo, registrar }) => {
        srf.use('register', registrar.onRegister);
        srf.use('message', silo.onMessage);
        srf.use('message', ((_: unknown, res: { send: (status: number) => void }) => {
          if (++routed > 1) res.send(200);
        }) as never);
      },
    });
    const [alice, bob] = [await phone(node, 'alice'), await phone(node, 'bob')];
    await bob.register({ expires: 600 });
    const same = identity();
    void alice.message('bob', 'once', same).catch(() => undefined);
    await until(() => routed === 1);
    node.front.dropApps();
    await until(async () => !(await node.silo.health()).drachtio);
    await until(async () => (await node.silo.health()).drachtio);
    expect((await alice.message('bob', 'once', same)).status).toBe(200);
  });
});

describe('the same MESSAGE at two nodes of one database', () => {
  const two = async () => {
    const folder = temporaryFolder('silo-two-branches');
    cleanups.push(() => folder.remove());
    const storeUrl = `sqlite:${join(folder.path, 'silo.db')}`;
    const node = (name: string) => start({ storeUrl, front: {}, silo: { node: name, tailTime: 0.1 } });
    return [await node('a'), await node('b')] as const;
  };

  test('for somebody who is away is one message', async () => {
    const [a, b] = await two();
    const [first, second] = [await phone(a, 'alice'), await phone(b, 'alice')];
    const bob = await phone(b, 'bob');
    const same = identity();
    const sent = [first.message('bob', 'once', same), second.message('bob', 'once', same)];
    expect(await statuses(sent)).toEqual([202, 202]);
    expect(await a.store.ledger()).toMatchObject({ waiting: 1 });
    await bob.register({ expires: 600 });
    await bob.received(1);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['once']);
  });

  test('live is sent by each, with one Call-ID, by which the device can tell', async () => {
    const [a, b] = await two();
    const device = held();
    const [first, second] = [await phone(a, 'alice'), await phone(b, 'alice')];
    const bob = await phone(b, 'bob', device.react);
    await bob.register({ expires: 600 });
    const same = identity();
    const sent = [first.message('bob', 'twice', same), second.message('bob', 'twice', same)];
    await bob.received(2);
    device.answer(200);
    expect(await statuses(sent)).toEqual([200, 200]);
    expect(bob.messages[1]?.header('Call-ID')).toBe(bob.messages[0]?.header('Call-ID'));
  });
});
