/** Live delivery and what follows when nobody takes the message in time. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../../support/node.ts';
import { Phone, type PhoneOptions, type Reaction } from '../../support/phone.ts';
import { idle } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let node: TestNode;
let phones: Phone[];

async function start(options: TestNodeOptions = {}): Promise<void> {
  node = await startNode({ ...options, silo: { liveTimeout: 300, ...options.silo } });
}
async function phone(name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server, ...options });
  phones.push(started);
  return started;
}
const onMessage =
  (reaction: Reaction | (() => Promise<Reaction>)): PhoneOptions['react'] & object =>
  ({ method }) =>
    method !== 'MESSAGE' ? 200 : typeof reaction === 'function' ? reaction() : reaction;
const ledger = () => node.store.ledger();

beforeEach(() => {
  phones = [];
});
afterEach(async () => {
  for (const started of phones) started.close();
  await node.close();
});

describe('live delivery', () => {
  test('a registered device gets the message at once and the sender its 200', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob', { transport: 'tcp' })];
    await bob.register({ expires: 600 });
    expect(
      (
        await alice.message('bob', 'live 🐘', {
          contentType: 'text/plain;charset=utf-8',
          headers: { Subject: 'now' },
        })
      ).status,
    ).toBe(200);
    expect(bob.texts).toEqual(['live 🐘']);
    expect(bob.messages[0]!.header('Subject')).toBe('now');
    expect(await ledger()).toMatchObject({ waiting: 0, delivered: 0 });
  });

  test('all devices are tried at once, the first 2xx wins', async () => {
    await start();
    const alice = await phone('alice');
    const [mute, quick] = [await phone('bob', { react: onMessage('silence') }), await phone('bob')];
    await mute.register({ expires: 600 });
    await quick.register({ expires: 600 });
    expect((await alice.message('bob', 'one')).status).toBe(200);
    expect([mute.texts, quick.texts]).toEqual([['one'], ['one']]);
  });

  test('the next message leaves when the sender of the one before knows that it was taken', async () => {
    await start();
    const [alice, carol, bob] = [await phone('alice'), await phone('carol'), await phone('bob')];
    await bob.register({ expires: 600 });
    // A large message leaves alone: without this rule the 200 for the small one would have to wait for it.
    const large = 'x'.repeat(7_000);
    for (let round = 1; round <= 10; round++) {
      const [small] = await Promise.all([alice.message('bob', 'small'), carol.message('bob', large)]);
      const [one, other] = bob.messages.slice(-2);
      if (one!.body.length < large.length) expect(small.at).toBeLessThanOrEqual(other!.at);
    }
  });

  test('Expires: 0 and a typing indication are delivered live, and refused with 480 when that fails', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    const typing = { contentType: 'application/im-iscomposing+xml' };
    expect((await alice.message('bob', 'now or never', { headers: { Expires: '0' } })).status).toBe(200);
    expect((await alice.message('bob', '<isComposing/>', typing)).status).toBe(200);
    bob.react = onMessage(486);
    expect((await alice.message('bob', 'now or never', { headers: { Expires: '0' } })).status).toBe(480);
    expect((await alice.message('bob', '<isComposing/>', typing)).status).toBe(480);
    expect(await ledger()).toMatchObject({ waiting: 0 });
  });

  test('the sender says how long a live message is good for, or nobody does', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    await alice.message('bob', 'one', { headers: { Expires: '10' } });
    await alice.message('bob', 'two');
    expect(bob.messages.map((message) => message.header('Expires'))).toEqual(['10', '']);
  });

  test('a stored message goes on counting its hops down', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await alice.message('bob', 'one', { headers: { 'Max-Forwards': '5' } });
    expect((await alice.message('bob', 'two', { headers: { 'Max-Forwards': '0' } })).status).toBe(483);
    await bob.register({ expires: 600 });
    await bob.received(1);
    expect(bob.messages[0]!.header('Max-Forwards')).toBe('4');
  });

  test('a body that drachtio cannot pass is refused, not sent and not stored', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', `${'x'.repeat(6000)}\r\n${'x'.repeat(6000)}`)).status).toBe(413);
    expect((await alice.message('bob', Buffer.from([0xc3, 0x28]))).status).toBe(415);
    expect(bob.messages).toHaveLength(0);
  });

  test.each([404, 408, 410, 430, 480, 486, 500, 503, 405, 501])(
    '%d from the only device: stored, 202',
    async (status) => {
      await start();
      const [alice, bob] = [await phone('alice'), await phone('bob', { react: onMessage(status) })];
      await bob.register({ expires: 600 });
      expect((await alice.message('bob', 'one')).status).toBe(202);
      expect(await ledger()).toMatchObject({ waiting: 1 });
    },
  );

  test.each([403, 603])('%d from the device goes back to the sender', async (status) => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob', { react: onMessage(status) })];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'one')).status).toBe(status);
    expect(await ledger()).toMatchObject({ waiting: 0 });
  });

  test('one device refuses it for good, another one is silent: it is kept for the silent one', async () => {
    await start();
    const alice = await phone('alice');
    const [desk, mobile] = [
      await phone('bob', { react: onMessage(415) }),
      await phone('bob', { react: onMessage('silence') }),
    ];
    await desk.register({ expires: 600 });
    await mobile.register({ expires: 600 });
    expect((await alice.message('bob', 'picture')).status).toBe(202);
  });

  test('two servers that hand a message to each other come to an end: Max-Forwards counts down to 483', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'one', { headers: { 'Max-Forwards': '7' } })).status).toBe(200);
    expect(bob.messages[0]!.header('Max-Forwards')).toBe('6');
    expect((await alice.message('bob', 'two', { headers: { 'Max-Forwards': '0' } })).status).toBe(483);
    expect(bob.messages).toHaveLength(1);
  });

  test('a MESSAGE inside a dialog that nobody here has: 481, not stored', async () => {
    await start();
    const alice = await phone('alice');
    expect((await alice.message('bob', 'one', { to: '<sip:bob@example.org>;tag=gone' })).status).toBe(481);
    expect(await ledger()).toMatchObject({ waiting: 0 });
  });

  test('a device whose Allow lacks MESSAGE is not tried', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600, headers: { Allow: 'INVITE' } });
    expect((await alice.message('bob', 'one')).status).toBe(202);
    expect(bob.messages).toHaveLength(0);
  });

  test('a live message for a box that is not empty goes behind what waits', async () => {
    await start();
    const [alice, bob] = [await phone('alice'), await phone('bob', { react: onMessage(486) })];
    await bob.register({ expires: 600 });
    await alice.message('bob', 'one');
    bob.react = onMessage(200);
    expect((await alice.message('bob', 'two')).status).toBe(202);
    expect(bob.texts).toEqual(['one']);
    await bob.register({ expires: 600 });
    await bob.received(3);
    expect(bob.texts).toEqual(['one', 'one', 'two']);
  });
});

describe('a late answer', () => {
  test('a 2xx after the message was stored still counts: the stored copy ends and nothing is sent twice', async () => {
    await start();
    const alice = await phone('alice');
    let answer: (status: number) => void = () => undefined;
    const bob = await phone('bob', { react: onMessage(() => new Promise((resolve) => (answer = resolve))) });
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'slow')).status).toBe(202);
    expect(await ledger()).toMatchObject({ waiting: 1 });
    answer(200);
    await until(async () => expect(await ledger()).toMatchObject({ waiting: 0, delivered: 1 }));
    await bob.register({ expires: 600 });
    await idle(node, bob);
    expect(bob.texts).toEqual(['slow']);
  });

  test('a registration while the live attempt is open sends no second copy to the same contact', async () => {
    await start();
    const alice = await phone('alice');
    let answer: (status: number) => void = () => undefined;
    const bob = await phone('bob', { react: onMessage(() => new Promise((resolve) => (answer = resolve))) });
    await bob.register({ expires: 600 });
    await alice.message('bob', 'slow');
    await bob.register({ expires: 600 });
    await bob.heard();
    expect(bob.texts).toEqual(['slow']);
    answer(200);
    await until(async () => expect(await ledger()).toMatchObject({ waiting: 0, delivered: 1 }));
    await idle(node, bob);
    expect(bob.texts).toEqual(['slow']);
  });

  test('live attempts that were still waiting for their turn when the sender was answered are not made', async () => {
    await start();
    const alice = await phone('alice');
    const bob = await phone('bob', { react: onMessage('silence') });
    await bob.register({ expires: 600 });
    const answers = await Promise.all([alice.message('bob', 'one'), alice.message('bob', 'two')]);
    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
    expect(bob.texts).toHaveLength(1);
    expect(await ledger()).toMatchObject({ waiting: 2 });
  });
});
