/** Messages behind a head that ended, vanished or was cut short once stayed until the next REGISTER. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone, type PhoneOptions, type Reaction } from '../support/phone.ts';
import { idle, looked } from '../support/sentinel.ts';
import { until } from '../support/until.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
let node: TestNode;
let phones: Phone[];
let time: number;

async function start(options: TestNodeOptions = {}): Promise<void> {
  node = await startNode({
    now: () => time,
    storeUrl: `sqlite:${join(folder.path, 'silo.db')}`,
    ...options,
    silo: { tailTime: 0.05, checkTime: 0.05, liveTimeout: 200, ...options.silo },
  });
}
async function phone(name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server, ...options });
  phones.push(started);
  return started;
}
const onMessage =
  (react: (text: string) => Reaction | Promise<Reaction>): NonNullable<PhoneOptions['react']> =>
  ({ method, body }) =>
    method === 'MESSAGE' ? react(body.toString()) : 200;
const settled = (delivered: number) =>
  until(async () => expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered }));

beforeEach(() => {
  time = 1_800_000_000;
  phones = [];
  folder = temporaryFolder('silo-stranded');
});
afterEach(async () => {
  for (const started of phones) started.close();
  await node.close();
  folder.remove();
});

describe('a message behind another one', () => {
  test('leaves when a late answer of a live attempt ends the one before it', async () => {
    await start();
    const alice = await phone('alice');
    let answer: (status: number) => void = () => undefined;
    const bob = await phone('bob', {
      react: onMessage((text) => (text === 'slow' ? new Promise((resolve) => (answer = resolve)) : 200)),
    });
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'slow')).status).toBe(202);
    expect((await alice.message('bob', 'behind')).status).toBe(202);
    answer(200);
    await bob.received(2);
    expect(bob.texts).toEqual(['slow', 'behind']);
    await settled(2);
  });

  test('leaves when the one before it expires in its back-off', async () => {
    await start();
    const alice = await phone('alice');
    const bob = await phone('bob', { react: onMessage((text) => (text === 'short' ? 486 : 200)) });
    await bob.register({ expires: 600 });
    await alice.message('bob', 'short', { headers: { Expires: '10' } });
    await alice.message('bob', 'behind');
    await idle(node, bob);
    time += 11;
    await bob.received(2);
    expect(bob.texts).toEqual(['short', 'behind']);
  });

  test('leaves when an operator deletes the one before it while that is in flight', async () => {
    await start();
    const alice = await phone('alice');
    for (const text of ['one', 'two', 'three']) await alice.message('bob', text);
    const bob = await phone('bob', {
      react: onMessage((text) => {
        if (text === 'one') {
          const database = new DatabaseSync(join(folder.path, 'silo.db'));
          database.exec("delete from silo where body = cast('one' as blob)");
          database.close();
        }
        return 200;
      }),
    });
    await bob.register({ expires: 600 });
    await bob.received(3);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
  });

  test('leaves when the node that served the box has died in the middle of it', async () => {
    await start();
    const alice = await phone('alice');
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    const claim = await node.store.claim('bob@example.org', 'a node that dies', 1);
    expect(claim).toHaveProperty('lease');
    // Both wait for the dead node's lease; nothing else would wake the box.
    for (const key of ['a', 'b'])
      await node.store.accept({
        ...(await template(alice)),
        key: key.repeat(64),
        body: Buffer.from(key),
        nextTime: 0,
      });
    time += 2;
    await bob.received(2);
    expect(bob.texts).toEqual(['a', 'b']);
  });

  /** A stored message to copy. */
  async function template(alice: Phone) {
    await alice.message('carol', 'template');
    const [message] = await node.store.waiting('carol@example.org', time, 1);
    return { ...message!, box: 'bob@example.org', dstAddr: 'sip:bob@example.org' };
  }
});

describe('a scheduled message', () => {
  test('is not forgotten when its device registers before and after its time', async () => {
    await start();
    const alice = await phone('alice');
    await alice.message('carol', 'template');
    const [message] = await node.store.waiting('carol@example.org', time, 1);
    await node.store.accept({
      ...message!,
      key: 'c'.repeat(64),
      box: 'bob@example.org',
      sendTime: time + 100,
      nextTime: time + 100,
      expTime: time + 10_000,
    });
    const bob = await phone('bob');
    await bob.register({ expires: 60 });
    await looked(node);
    await idle(node, bob);
    await bob.unregister();
    time += 101;
    await looked(node);
    await idle(node, bob);
    expect(bob.messages).toHaveLength(0);
    await bob.register({ expires: 60 });
    await bob.received(1);
  });
});

describe('a device that goes silent', () => {
  test('does not keep its mail from the contact that it has moved to', async () => {
    await start();
    const alice = await phone('alice');
    for (const text of ['one', 'two']) await alice.message('bob', text);
    const params = ';+sip.instance="<urn:uuid:1>";reg-id=1';
    const old = await phone('bob', { react: onMessage(() => 'silence') });
    await old.register({ expires: 600, params });
    await old.received(1);
    const moved = await phone('bob');
    await moved.register({ expires: 600, params });
    await moved.received(2);
    expect(moved.texts).toEqual(['one', 'two']);
  });

  test('does not keep the mail from another device for long', async () => {
    await start();
    const alice = await phone('alice');
    for (const text of ['one', 'two']) await alice.message('bob', text);
    const [silent, other] = [await phone('bob', { react: onMessage(() => 'silence') }), await phone('bob')];
    await silent.register({ expires: 600, contact: `${silent.contact};q=0.9, ${other.contact};q=0.5` });
    await other.received(2);
    expect(other.texts).toEqual(['one', 'two']);
  });
});

test('somebody else with the same instance who cannot do MESSAGE does not block the mail', async () => {
  await start();
  const alice = await phone('alice');
  const params = ';+sip.instance="<urn:uuid:1>"';
  const mallory = await phone('mallory', { react: onMessage(() => 405) });
  await alice.message('mallory', 'bait');
  await mallory.register({ expires: 600, params, headers: { 'User-Agent': 'phone/1' } });
  await mallory.received(1);
  await alice.message('bob', 'for bob');
  const bob = await phone('bob');
  await bob.register({ expires: 600, params, headers: { 'User-Agent': 'phone/1' } });
  await bob.received(1);
});

test('timers of one box never pile up', async () => {
  await start();
  const alice = await phone('alice');
  await alice.message('bob', 'one');
  await node.store.claim('bob@example.org', 'another node', 600);
  const bob = await phone('bob');
  await bob.register({ expires: 600 });
  node.calls.clear();
  for (let i = 0; i < 20; i++) {
    node.silo.dump('bob@example.org');
    await idle(node, bob);
  }
  for (let i = 0; i < 3; i++) await looked(node);
  await idle(node, bob);
  expect(node.calls.get('claim')).toBeLessThanOrEqual(21);
});
