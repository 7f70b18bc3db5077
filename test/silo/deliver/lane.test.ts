/** Delivery through a whole node: front end, drachtio-srf, store, silo; phones on raw sockets; time in our hands. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { startNode, type TestNode, type TestNodeOptions } from '../../support/node.ts';
import { Phone, type PhoneOptions } from '../../support/phone.ts';
import { idle, looked } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let node: TestNode;
let time: number;
let phones: Phone[];
const now = () => time;

async function start(options: TestNodeOptions = {}): Promise<void> {
  node = await startNode({ now, ...options });
}
async function phone(name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server, ...options });
  phones.push(started);
  return started;
}
/** Alice leaves messages for Bob, who is not there; what looks like a tag is text/html. */
async function leave(...texts: string[]): Promise<void> {
  const alice = await phone('alice');
  for (const text of texts) {
    const options = text.startsWith('<') ? { contentType: 'text/html' } : {};
    expect((await alice.message('bob', text, options)).status).toBe(202);
  }
}
const waiting = () => node.store.waiting('bob@example.org', time, 1000);
const texts = async () => (await waiting()).map((message) => message.body.toString());

beforeEach(() => {
  time = 1_800_000_000;
  phones = [];
});
afterEach(async () => {
  for (const started of phones) started.close();
  await node.close();
});

describe('a box that is emptied', () => {
  test('in order, each message once, nothing left behind', async () => {
    await start();
    const sent = Array.from({ length: 60 }, (_, i) => `message ${i}`);
    await leave(...sent);
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(60);
    expect(bob.texts).toEqual(sent);
    await until(async () => expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: 60 }));
  });

  test('one in flight: the next is sent only after the answer', async () => {
    await start();
    await leave('one', 'two', 'three');
    let answer: (status: number) => void = () => undefined;
    const bob = await phone('bob', {
      react: ({ method }) =>
        method === 'MESSAGE' ? new Promise<number>((resolve) => (answer = resolve)) : 200,
    });
    await bob.register({ expires: 600 });
    for (const count of [1, 2, 3]) {
      await bob.received(count);
      await bob.heard();
      expect(bob.messages).toHaveLength(count);
      answer(200);
    }
  });

  test('the first message comes after the 200 to the REGISTER', async () => {
    await start();
    await leave('one');
    const bob = await phone('bob');
    const answered = bob.register({ expires: 600 }).then((answer) => answer.at);
    const [message] = await bob.received(1);
    expect(await answered).toBeLessThanOrEqual(message!.at);
  });

  test('unregistering in mid-dump stops it after the one in flight; the rest comes later', async () => {
    await start();
    await leave('one', 'two', 'three');
    const bob = await phone('bob');
    bob.react = async ({ method }, nth) => {
      if (method === 'MESSAGE' && nth === 1) await bob.unregister();
      return 200;
    };
    await bob.register({ expires: 600 });
    await bob.received(1);
    await idle(node, bob);
    expect(bob.texts).toEqual(['one']);
    expect(await texts()).toEqual(['two', 'three']);
    await bob.register({ expires: 600 });
    await bob.received(3);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
  });

  test('messages that arrive in mid-dump queue behind', async () => {
    await start();
    await leave('one', 'two');
    const alice = await phone('alice');
    const bob = await phone('bob');
    bob.react = async ({ method }, nth) => {
      if (method === 'MESSAGE' && nth === 1) expect((await alice.message('bob', 'three')).status).toBe(202);
      return 200;
    };
    await bob.register({ expires: 600 });
    await bob.received(3);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
  });

  test('the outgoing request keeps To and From, has no Contact, a Date and the time left', async () => {
    await start();
    await leave('one');
    time += 100;
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    const [message] = await bob.received(1);
    expect(message!.header('To')).toBe('<sip:bob@example.org>');
    expect(message!.header('From')).toContain('<sip:alice@example.org>');
    expect(message!.header('Contact')).toBe('');
    expect(message!.header('Date')).toBe(new Date((time - 100) * 1000).toUTCString());
    expect(message!.header('Expires')).toBe(String(259_200 - 100));
    expect(message!.header('Max-Forwards')).toBe('69');
  });
});

describe('a message that cannot be delivered', () => {
  /** Bob's reaction to the MESSAGE with this text. */
  const reacting = (text: string, reaction: number | 'silence') => ({
    react: ({ method, body }: { method: string; body: Buffer }) =>
      method === 'MESSAGE' && body.toString() === text ? reaction : 200,
  });

  test.each([400, 414, 420, 505, 603, 604])(
    '%d: becomes a dead letter, and those behind it arrive',
    async (status) => {
      await start();
      await leave('one', 'bad', 'three');
      const bob = await phone('bob', reacting('bad', status));
      await bob.register({ expires: 600 });
      await bob.received(3);
      await until(async () =>
        expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: 2, dead: 1 }),
      );
      expect(await node.silo.deadLetters.list()).toMatchObject([
        { box: 'bob@example.org', status, srcAddr: 'sip:alice@example.org' },
      ]);
    },
  );

  test.each([406, 415, 488])(
    '%d: waits for another device, is not sent to this one again, and those behind it arrive',
    async (status) => {
      await start();
      await leave('one', '<picture>', 'three');
      const bob = await phone('bob', reacting('<picture>', status));
      await bob.register({ expires: 600 });
      await bob.received(3);
      await until(async () => expect(await texts()).toEqual(['<picture>']));
      await bob.register({ expires: 600 });
      await idle(node, bob);
      expect(bob.texts).toEqual(['one', '<picture>', 'three']);
      const mobile = await phone('bob', { transport: 'tcp' });
      await mobile.register({ expires: 600 });
      await mobile.received(1);
      expect(mobile.texts).toEqual(['<picture>']);
      await until(async () => expect(await texts()).toEqual([]));
    },
  );

  const PHONE = { 'User-Agent': 'phone/1', Allow: 'MESSAGE, NOTIFY' };
  const CHANGES = [
    { 'User-Agent': 'phone/2', Allow: 'MESSAGE, NOTIFY' },
    { 'User-Agent': 'phone/1', Allow: 'MESSAGE, NOTIFY, INFO' },
  ];

  test.each([405, 501].flatMap((status) => CHANGES.map((change) => [status, change] as const)))(
    '%d: the device is not asked again until its User-Agent or Allow changes (%j)',
    async (status, change) => {
      await start();
      await leave('one', 'two');
      const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
      const params = ';+sip.instance="<urn:uuid:1>"';
      await bob.register({ expires: 600, params, headers: PHONE });
      await bob.received(1);
      await bob.register({ expires: 600, params, headers: { ...PHONE, Allow: 'NOTIFY, MESSAGE' } });
      await idle(node, bob);
      expect(bob.texts).toEqual(['one']);
      bob.react = () => 200;
      await bob.register({ expires: 600, params, headers: change });
      await bob.received(3);
      expect(bob.texts).toEqual(['one', 'one', 'two']);
    },
  );

  test('415 without Accept, or with one that names the type, is about that message: the others are offered', async () => {
    await start();
    await leave('one', '<two>', 'three', '<four>', 'five');
    let refused = 0;
    const bob = await phone('bob', {
      react: ({ method, body }) => {
        if (method !== 'MESSAGE' || !body.toString().startsWith('<')) return 200;
        return refused++ === 0 ? 415 : { status: 415, headers: { Accept: 'application/json, text/*;q=0.5' } };
      },
    });
    await bob.register({ expires: 600 });
    await bob.received(5);
    expect(bob.texts).toEqual(['one', '<two>', 'three', '<four>', 'five']);
  });

  test.each(CHANGES)(
    '415: a device is asked once for a type that its Accept leaves out, until it has changed to %j',
    async (change) => {
      await start();
      await leave('one', '<two>', 'three', '<four>', 'five');
      const bob = await phone('bob', {
        react: ({ method, body }) =>
          method === 'MESSAGE' && body.toString().startsWith('<')
            ? { status: 415, headers: { Accept: 'text/plain' } }
            : 200,
      });
      await bob.register({ expires: 600, headers: PHONE });
      await bob.received(4);
      await until(async () => expect(await texts()).toEqual(['<two>', '<four>']));
      await bob.register({ expires: 600, headers: PHONE });
      await idle(node, bob);
      expect(bob.texts).toEqual(['one', '<two>', 'three', 'five']);
      bob.react = () => 200;
      await bob.register({ expires: 600, headers: change });
      await bob.received(6);
      expect(bob.texts.slice(4)).toEqual(['<two>', '<four>']);
      await until(async () => expect(await texts()).toEqual([]));
    },
  );

  test('a verdict of the operator decides, too, whether a registration lifts the pause', async () => {
    await start({ silo: { outcomes: { 486: 'away', 480: 'later' } } });
    for (const [status, lifted] of [
      [486, true],
      [480, false],
    ] as const) {
      await leave(`sent with ${status}`);
      const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
      await bob.register({ expires: 600 });
      await bob.received(1);
      await until(async () => expect((await waiting())[0]).toMatchObject({ lastStatus: status }));
      await bob.register({ expires: 600 });
      if (lifted) await bob.received(2);
      else await idle(node, bob);
      expect(bob.messages).toHaveLength(lifted ? 2 : 1);
      bob.react = () => 200;
      time += 100;
      await bob.register({ expires: 600 });
      await until(async () => expect(await texts()).toEqual([]));
      await bob.register({ expires: 0 });
    }
  });

  test.each([404, 408, 410, 430, 480, 302, 401])(
    '%d: the device is away; order is kept and nothing counted until it registers again',
    async (status) => {
      await start();
      await leave('one', 'two');
      const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
      await bob.register({ expires: 600 });
      await bob.received(1);
      await until(async () =>
        expect((await waiting())[0]).toMatchObject({ attempts: 1, strikes: 0, lastStatus: status }),
      );
      await idle(node, bob);
      expect(bob.messages).toHaveLength(1);
      bob.react = () => 200;
      await bob.register({ expires: 600 });
      await bob.received(3);
      expect(bob.texts).toEqual(['one', 'one', 'two']);
      expect(bob.messages[0]!.header('Call-ID')).toBe(bob.messages[1]!.header('Call-ID'));
      expect(bob.messages[1]!.header('CSeq')).toBe('2 MESSAGE');
    },
  );

  test('486: tried again after the back-off, not because of a refresh; Retry-After is honoured', async () => {
    await start({ silo: { tailTime: 0.05 } });
    await leave('one');
    const bob = await phone('bob', {
      react: ({ method }) =>
        method === 'MESSAGE' ? { status: 486, headers: { 'Retry-After': '300' } } : 200,
    });
    await bob.register({ expires: 3600 });
    await bob.received(1);
    await until(async () => expect((await waiting())[0]).toMatchObject({ strikes: 1, nextTime: time + 300 }));
    bob.react = () => 200;
    await bob.register({ expires: 3600 });
    time += 299;
    await looked(node);
    await idle(node, bob);
    expect(bob.messages).toHaveLength(1);
    time += 1;
    await bob.received(2);
  });

  test('a temporary failure that never ends: a dead letter after the last attempt, the one behind it arrives', async () => {
    await start({ silo: { maxAttempts: 3, tailTime: 0.05 } });
    await leave('bad', 'good');
    const bob = await phone('bob', reacting('bad', 500));
    await bob.register({ expires: 3600 });
    for (const attempts of [1, 2]) {
      await until(async () => expect((await waiting())[0]).toMatchObject({ attempts }));
      time += 3600;
      await bob.register({ expires: 3600 });
    }
    await until(async () =>
      expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1, dead: 1 }),
    );
    expect(await node.silo.deadLetters.list()).toMatchObject([
      { status: 500, reason: expect.stringContaining('after 3 attempts') as string },
    ]);
  });

  test('a head that fails for the third time is suspected: the next message shows that the device is there, and those behind it arrive', async () => {
    await start();
    await leave('bad', 'two', 'three');
    const bob = await phone('bob', reacting('bad', 480));
    for (const attempts of [1, 2]) {
      await bob.register({ expires: 600 });
      await until(async () => expect((await waiting())[0]).toMatchObject({ attempts, strikes: 0 }));
    }
    expect(bob.texts).toEqual(['bad', 'bad']);
    await bob.register({ expires: 600 });
    await bob.received(5);
    expect(bob.texts).toEqual(['bad', 'bad', 'bad', 'two', 'three']);
    await until(async () => expect(await waiting()).toMatchObject([{ attempts: 3, strikes: 1 }]));
  });

  test('a device that was away, however often, gets everything in order when it is back', async () => {
    await start();
    await leave('one', 'two', 'three');
    const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 480 : 200) });
    for (const attempts of [1, 2, 3, 4]) {
      await bob.register({ expires: 600 });
      await until(async () => expect((await waiting())[0]).toMatchObject({ attempts, strikes: 0 }));
    }
    bob.react = () => 200;
    const before = bob.messages.length;
    await bob.register({ expires: 600 });
    await bob.received(before + 3);
    expect(bob.texts.slice(before)).toEqual(['one', 'two', 'three']);
  });

  test('a poison message among many: the others arrive in order, and a replay delivers it when the device has changed its mind', async () => {
    await start();
    const sent = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    await leave(...sent);
    const bob = await phone('bob', reacting('message 20', 400));
    await bob.register({ expires: 600 });
    await bob.received(40);
    expect(bob.texts).toEqual(sent);
    await until(async () => expect(await node.store.ledger()).toMatchObject({ delivered: 39, dead: 1 }));
    const [letter] = await node.silo.deadLetters.list({ box: 'bob@example.org' });
    expect(letter).toMatchObject({ status: 400, reason: 'Scripted' });
    bob.react = () => 200;
    expect(await node.silo.deadLetters.replay([letter!.id])).toBe(1);
    await bob.received(41);
    expect(bob.texts[40]).toBe('message 20');
    await until(async () =>
      expect(await node.store.ledger()).toMatchObject({ delivered: 40, dead: 0, waiting: 0 }),
    );
  });

  test('a dropped dead letter is erased', async () => {
    await start();
    await leave('bad');
    const bob = await phone('bob', reacting('bad', 400));
    await bob.register({ expires: 600 });
    await until(async () => expect(await node.silo.deadLetters.list()).toHaveLength(1));
    const [letter] = await node.silo.deadLetters.list();
    expect(await node.silo.deadLetters.drop([letter!.id])).toBe(1);
    expect(await node.store.ledger()).toMatchObject({ dead: 0, erased: 1 });
  });

  test('a row with bytes that drachtio would damage becomes a dead letter, not a broken message', async () => {
    await start();
    const bob = await phone('bob');
    await node.store.accept({
      ...(await sample(node.store)),
      key: 'b'.repeat(64),
      body: Buffer.from([0x66, 0xff, 0x00]),
    });
    node.silo.dump('bob@example.org');
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () => expect(await node.store.ledger()).toMatchObject({ waiting: 0, dead: 1 }));
  });

  /** A stored message to copy. */
  async function sample(store: Store) {
    await leave('sample');
    const [message] = await store.waiting('bob@example.org', time, 1);
    return message!;
  }
});

describe('several devices', () => {
  test('the first one that takes it has it; q decides who is asked first', async () => {
    await start();
    await leave('one', 'two');
    const [desk, mobile] = [await phone('bob'), await phone('bob')];
    await desk.register({ expires: 600, contact: `${desk.contact};q=0.1, ${mobile.contact};q=0.5` });
    await mobile.received(2);
    expect(desk.texts).toEqual([]);
  });

  test('a dead flow of a device (RFC 5626) does not keep its other flow from getting everything', async () => {
    await start();
    await leave('one', 'two', 'three');
    const react: PhoneOptions['react'] = ({ method }) => (method === 'MESSAGE' ? 430 : 200);
    const [dead, alive] = [await phone('bob', { react }), await phone('bob')];
    const flow = (n: number) => `;+sip.instance="<urn:uuid:1>";reg-id=${n}`;
    await alive.register({
      expires: 600,
      contact: `${alive.contact};q=0.5${flow(2)}, ${dead.contact};q=0.9${flow(1)}`,
    });
    await alive.received(3);
    expect(alive.texts).toEqual(['one', 'two', 'three']);
    expect(dead.texts).toEqual(['one']);
  });

  test('a device that refuses on one flow is not asked on the other', async () => {
    await start();
    await leave('one', 'two');
    const react: PhoneOptions['react'] = ({ method, body }) =>
      method === 'MESSAGE' && body.toString() === 'one' ? 406 : 200;
    const [first, second] = [await phone('bob', { react }), await phone('bob', { react })];
    const flow = (n: number) => `;+sip.instance="<urn:uuid:1>";reg-id=${n}`;
    await first.register({
      expires: 600,
      contact: `${first.contact}${flow(1)}, ${second.contact}${flow(2)}`,
    });
    await until(() => expect([...first.texts, ...second.texts].sort()).toEqual(['one', 'two']));
  });

  test('a device that fails is left alone for the rest of the session, the others get the mail', async () => {
    await start();
    await leave('one', 'two', 'three');
    const desk = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 480 : 200) });
    const mobile = await phone('bob');
    const both = `${desk.contact};q=0.9, ${mobile.contact};q=0.5`;
    await desk.register({ expires: 600, contact: both });
    await mobile.received(3);
    expect(mobile.texts).toEqual(['one', 'two', 'three']);
    expect(desk.texts).toEqual(['one']);
  });
});

describe('expiry', () => {
  test('a message is not sent in the second of its end, and its end is recorded', async () => {
    await start({ silo: { checkTime: 0.05 } });
    const alice = await phone('alice');
    await alice.message('bob', 'short', { headers: { Expires: '60' } });
    await alice.message('bob', 'long', { headers: { Expires: '61' } });
    time += 60;
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () =>
      expect(await node.store.ledger()).toMatchObject({ expired: 1, delivered: 1, waiting: 0 }),
    );
    expect(bob.texts).toEqual(['long']);
  });
});

describe('what a REGISTER costs', () => {
  test('a refresh without waiting mail asks the store nothing for the silo', async () => {
    // Without the looks of the clocks.
    const rare = { tailTime: 3600, leaseTime: 3600 };
    await start({ silo: { ...rare, checkTime: 3600 }, mwi: rare });
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    node.calls.clear();
    for (let i = 0; i < 20; i++) expect((await bob.register({ expires: 600 })).status).toBe(200);
    // The app answers this without its store, and after all that came before.
    for (let i = 0; i < 3; i++)
      expect((await bob.request('PUBLISH', 'sip:bob@example.org', bob.aor, { Event: 'none' })).status).toBe(
        489,
      );
    expect(Object.fromEntries(node.calls)).toEqual({ register: 20 });
  });

  test('a box that it empties is looked at once: a page that is not full is all that there is', async () => {
    await start({ silo: { tailTime: 3600, leaseTime: 3600, checkTime: 3600 } });
    const alice = await phone('alice');
    for (const text of ['one', 'two', 'three']) expect((await alice.message('bob', text)).status).toBe(202);
    const bob = await phone('bob');
    node.calls.clear();
    await bob.register({ expires: 600 });
    await bob.received(3);
    await until(() => node.calls.get('release') === 1);
    expect(node.calls.get('waiting')).toBe(1);
    // And what comes afterwards is seen.
    await bob.unregister();
    expect((await alice.message('bob', 'four')).status).toBe(202);
    await bob.register({ expires: 600 });
    await bob.received(4);
  });

  test.each<[string, Parameters<Phone['register']>[0]]>([
    ['a query', { contact: '' }],
    ['an unregistration', { expires: 0 }],
    ['a contact with expires=0', { params: ';expires=0' }],
    ['Contact: *', { contact: '*', expires: 0 }],
    ['a refused registration', { expires: 600, headers: { Require: 'nonsense' } }],
    ['an Allow without MESSAGE', { expires: 600, headers: { Allow: 'INVITE, ACK' } }],
    ['a methods parameter without MESSAGE', { expires: 600, params: ';methods="INVITE,ACK"' }],
  ])('%s sets off no dump', async (_, options) => {
    await start();
    await leave('one');
    const bob = await phone('bob');
    await bob.register(options);
    await idle(node, bob);
    expect(bob.messages).toHaveLength(0);
    expect(await texts()).toEqual(['one']);
  });
});

describe('rows that somebody else stored', () => {
  test('a message from another node wakes the lane of a registered device', async () => {
    await start({ silo: { tailTime: 0.05 } });
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    const [key, box] = ['c'.repeat(64), 'bob@example.org'];
    await node.store.accept({
      key,
      box,
      srcAddr: 'sip:carol@example.org',
      srcName: '',
      dstAddr: `sip:${box}`,
      dstName: '',
      contentType: 'text/plain',
      body: Buffer.from('from afar'),
      headers: '',
      callId: 'x',
      incTime: time,
      expTime: time + 60,
      sendTime: 0,
      dateTime: time,
      urgent: false,
      nextTime: 0,
      kind: 'message',
      thread: '',
      hops: 70,
    });
    await bob.received(1);
    expect(bob.texts).toEqual(['from afar']);
  });
});

describe('the lease', () => {
  test('a box that another node serves is left alone until its lease ends', async () => {
    await start();
    await leave('one');
    await node.store.claim('bob@example.org', 'another node', 1);
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    await idle(node, bob);
    expect(bob.messages).toHaveLength(0);
    time += 2;
    await bob.received(1);
  });
});
