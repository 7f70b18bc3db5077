/** `deliverTo: 'every'`: each known device gets each message once. */
import { afterEach, describe, expect, test } from 'vitest';
import type { SiloOptions } from '../../../lib/silo/state/options.ts';
import type { Phone, PhoneOptions } from '../../support/phone.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { idle, looked } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let scene: Scene;
const start = async (silo: SiloOptions = {}) =>
  (scene = await aScene({ silo: { deliverTo: 'every', tailTime: 0.05, ...silo } }));
afterEach(() => scene.close());

const params = (n: number, more = '') => `;+sip.instance="<urn:uuid:device-${n}>"${more}`;
async function device(
  n: number,
  options: Partial<PhoneOptions> = {},
): Promise<Phone & { on(): Promise<unknown> }> {
  const phone = await scene.phone('bob', options);
  return Object.assign(phone, { on: () => phone.register({ expires: 600, params: params(n) }) });
}
const done = (delivered: number) =>
  until(async () => expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered }));

describe('every device', () => {
  test('all that are there get a message, in order, and then it is over', async () => {
    await start();
    const devices = await Promise.all([1, 2, 3].map((n) => device(n)));
    for (const one of devices) await one.on();
    await scene.leave('bob', 'one', 'two', 'three');
    for (const one of devices) {
      await one.received(3);
      expect(one.texts).toEqual(['one', 'two', 'three']);
    }
    await done(3);
    await idle(scene.node, devices[0]!);
    for (const one of devices) expect(one.messages).toHaveLength(3);
  });

  test('a known one that is away gets it when it is back; the others do not get it again', async () => {
    await start();
    const [desk, mobile] = [await device(1), await device(2)];
    await desk.on();
    await mobile.on();
    await mobile.unregister();
    await scene.leave('bob', 'one', 'two');
    await desk.received(2);
    await until(async () => expect((await scene.node.store.ledger()).waiting).toBe(2));
    await desk.on();
    await mobile.on();
    await mobile.received(2);
    expect(mobile.texts).toEqual(['one', 'two']);
    await done(2);
    expect(desk.texts).toEqual(['one', 'two']);
  });

  test('a new device gets what waits, up to an age', async () => {
    await start({ newDeviceAge: 100 });
    const [desk, away] = [await device(1), await device(2)];
    await desk.on();
    await away.on();
    await away.unregister();
    await scene.leave('bob', 'old');
    scene.time += 101;
    await scene.leave('bob', 'young');
    await desk.on();
    await desk.received(2);
    const fresh = await device(3);
    await fresh.on();
    await fresh.received(1);
    await idle(scene.node, fresh);
    expect(fresh.texts).toEqual(['young']);
    await away.on();
    await away.received(2);
    await done(2);
  });

  test('a slow or silent device keeps nobody waiting', async () => {
    await start();
    const silent = await device(1, { react: ({ method }) => (method === 'MESSAGE' ? 'silence' : 200) });
    const quick = await device(2);
    await silent.on();
    await quick.on();
    await scene.leave('bob', 'one', 'two', 'three');
    await quick.received(3);
    expect(silent.texts).toEqual(['one']);
  });

  test('one that refuses a message for good is owed it no more, another one is', async () => {
    await start();
    const picky = await device(1, {
      react: ({ method, body }) => (method === 'MESSAGE' && body.toString() === 'picture' ? 406 : 200),
    });
    const desk = await device(2);
    await picky.on();
    await desk.on();
    await scene.leave('bob', 'one', 'picture', 'three');
    await picky.received(3);
    await desk.received(3);
    await done(3);
    await idle(scene.node, picky);
    expect(picky.texts).toEqual(['one', 'picture', 'three']);
  });

  test('refused by all: a dead letter with the reason, and those behind it arrive', async () => {
    await start();
    const react: PhoneOptions['react'] = ({ method, body }) =>
      method === 'MESSAGE' && body.toString() === 'bad' ? 400 : 200;
    const devices = [await device(1, { react }), await device(2, { react })];
    for (const one of devices) await one.on();
    await scene.leave('bob', 'bad', 'good');
    for (const one of devices) await one.received(2);
    await until(async () =>
      expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1, dead: 1 }),
    );
    expect(await scene.node.silo.deadLetters.list()).toMatchObject([{ status: 400 }]);
  });

  test('486: only that device waits, by its own back-off, across sessions', async () => {
    await start();
    let busy = true;
    const one = await device(1, { react: ({ method }) => (method === 'MESSAGE' && busy ? 486 : 200) });
    const two = await device(2);
    await one.on();
    await two.on();
    await scene.leave('bob', 'first', 'second');
    await two.received(2);
    await one.received(1);
    await until(async () =>
      expect(await scene.node.store.deviceStates('bob@example.org')).toContainEqual(
        expect.objectContaining({ device: 'urn:uuid:device-1', attempts: 1, strikes: 1, lastStatus: 486 }),
      ),
    );
    await looked(scene.node);
    await idle(scene.node, one);
    expect(one.messages).toHaveLength(1);
    busy = false;
    scene.time += 40;
    await one.received(3);
    expect(one.texts).toEqual(['first', 'first', 'second']);
    expect(one.messages[1]!.header('CSeq')).toBe('2 MESSAGE');
    await done(2);
    expect(two.texts).toEqual(['first', 'second']);
  });

  test('away three times: the message is suspected, those behind it arrive, and in the end it is given up', async () => {
    await start({ maxAttempts: 2 });
    const one = await device(1, {
      react: ({ method, body }) => (method === 'MESSAGE' && body.toString() === 'bad' ? 480 : 200),
    });
    await one.on();
    await scene.leave('bob', 'bad', 'two', 'three');
    for (const attempts of [1, 2]) {
      await until(async () =>
        expect(await scene.node.store.deviceStates('bob@example.org')).toMatchObject([{ attempts }]),
      );
      expect(one.texts).not.toContain('two');
      await one.on();
    }
    await one.received(5);
    expect(one.texts).toEqual(['bad', 'bad', 'bad', 'two', 'three']);
    await until(async () => expect((await scene.node.store.ledger()).delivered).toBe(2));
    // Away with nothing behind it that shows otherwise: that is the device's fault, not the message's.
    await one.on();
    await one.received(6);
    await one.unregister();
    await scene.leave('bob', 'four');
    await one.on();
    await until(async () =>
      expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 3, dead: 1 }),
    );
  });

  test('two flows of one instance are one device (RFC 5626)', async () => {
    await start();
    const [first, second] = [await scene.phone('bob'), await scene.phone('bob')];
    await first.register({ expires: 600, params: params(1, ';reg-id=1') });
    await second.register({ expires: 600, params: params(1, ';reg-id=2') });
    await scene.leave('bob', 'one', 'two');
    await done(2);
    await idle(scene.node, first);
    expect(first.messages.length + second.messages.length).toBe(2);
  });

  test('a device without an instance is owed messages while it is registered', async () => {
    await start();
    const [plain, known] = [await scene.phone('bob'), await device(1)];
    await plain.register({ expires: 600 });
    await known.on();
    await scene.leave('bob', 'one');
    await plain.received(1);
    await known.received(1);
    await done(1);
    await plain.unregister();
    await scene.leave('bob', 'two');
    await known.received(2);
    await done(2);
  });

  test('a device that cannot do MESSAGE is owed nothing', async () => {
    await start();
    const [desk, lamp] = [await device(1), await scene.phone('bob')];
    await lamp.register({ expires: 600, params: params(2), headers: { Allow: 'INVITE, NOTIFY' } });
    await desk.on();
    await scene.leave('bob', 'one');
    await desk.received(1);
    await done(1);
    expect(lamp.messages).toHaveLength(0);
  });

  test.each([405, 501])(
    'a device that answers %d is owed nothing: the others end the message',
    async (status) => {
      await start();
      const unable = await device(1, { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
      const desk = await device(2);
      await unable.on();
      await desk.on();
      await scene.leave('bob', 'one', 'two');
      await desk.received(2);
      await done(2);
      expect(unable.messages).toHaveLength(1);
    },
  );

  test('a device whose Allow loses MESSAGE is owed nothing from then on', async () => {
    await start();
    const phone = await scene.phone('bob');
    const desk = await device(2);
    await phone.register({ expires: 600, params: params(1) });
    await desk.on();
    await phone.register({ expires: 600, params: params(1), headers: { Allow: 'INVITE' } });
    await scene.leave('bob', 'one');
    await desk.received(1);
    await done(1);
  });

  test('the lamp is on until the first device has it', async () => {
    await start();
    const [desk, away] = [await device(1), await device(2)];
    await desk.on();
    await away.on();
    await away.unregister();
    await desk.unregister();
    await scene.leave('bob', 'one');
    const count = async () =>
      (await scene.node.store.mailboxStates(['bob@example.org'], scene.time))[0]!.waiting.messages;
    expect(await count()).toBe(1);
    await desk.on();
    await desk.received(1);
    await until(async () => expect(await count()).toBe(0));
    expect((await scene.node.store.ledger()).waiting).toBe(1);
  });

  test('at its expiry a message that one device had was delivered, one that nobody had is expired', async () => {
    await start({ checkTime: 0.05 });
    const [desk, away] = [await device(1), await device(2)];
    await desk.on();
    await away.on();
    await away.unregister();
    await scene.leave('bob', 'had');
    await desk.received(1);
    await until(async () =>
      expect((await scene.node.store.waiting('bob@example.org', scene.time, 1))[0]!.takenBy).toHaveLength(1),
    );
    await desk.unregister();
    await scene.leave('bob', 'missed');
    scene.time += 300_000;
    await until(async () =>
      expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1, expired: 1 }),
    );
  });

  test('what must not wait goes to all devices at once, as ever', async () => {
    await start();
    const [desk, mobile] = [await device(1), await device(2)];
    await desk.on();
    await mobile.on();
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'now', { headers: { Expires: '0' } })).status).toBe(200);
    await desk.received(1);
    await mobile.received(1);
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 0 });
  });

  test('a late 200 of a device counts for that device alone', async () => {
    await start({ liveTimeout: 100 });
    let answer: (status: number) => void = () => undefined;
    const slow = await device(1, {
      react: ({ method }) =>
        method === 'MESSAGE' ? new Promise<number>((resolve) => (answer = resolve)) : 200,
    });
    const away = await device(2);
    await away.on();
    await away.unregister();
    await slow.on();
    await scene.leave('bob', 'one');
    await slow.received(1);
    await slow.unregister();
    await idle(scene.node, slow);
    answer(200);
    await until(async () =>
      expect((await scene.node.store.waiting('bob@example.org', scene.time, 1))[0]!.takenBy).toEqual([
        'urn:uuid:device-1',
      ]),
    );
    await away.on();
    await away.received(1);
    await done(1);
  });

  test('nine devices in three groups that come and go: each has every message once, in order, and nothing is left', async () => {
    await start();
    const devices = await Promise.all(Array.from({ length: 9 }, (_, n) => device(n)));
    for (const one of devices) await one.on();
    const groups = [0, 1, 2].map((group) => devices.filter((_, n) => n % 3 === group));
    const sent: string[] = [];
    for (let round = 0; round < 6; round++) {
      const leaving = groups[round % 3]!;
      await Promise.all(leaving.map((one) => one.unregister()));
      const texts = Array.from({ length: 5 }, (_, i) => `round ${round}, message ${i}`);
      sent.push(...texts);
      await scene.leave('bob', ...texts);
      await Promise.all(groups[(round + 2) % 3]!.map((one) => one.on()));
    }
    await Promise.all(devices.map((one) => one.on()));
    for (const one of devices) await one.received(sent.length);
    await done(sent.length);
    for (const one of devices) expect(one.texts).toEqual(sent);
    expect(await scene.texts('bob')).toEqual([]);
  });
});
