/** Programs send: what a phone may, by the same rules, on the same way. */
import { afterEach, describe, expect, test } from 'vitest';
import { SiloError, type Submission, type Submitted } from '../../../lib/index.ts';
import type { TestNodeOptions } from '../../support/node.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { nothingMore } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let scene: Scene;
afterEach(() => scene.close());

const start = async (options: TestNodeOptions = {}) => (scene = await aScene(options));
const submit = (over: Partial<Submission> = {}): Promise<Submitted> =>
  scene.node.silo.submit({ from: 'alice@example.org', to: 'bob@example.org', body: 'hello', ...over });
/** The refusal of something that must not succeed. */
const refusal = async (over: Partial<Submission>): Promise<SiloError> => {
  const thrown: unknown = await submit(over).catch((error: unknown) => error);
  if (!(thrown instanceof SiloError)) throw new Error(`it was not refused: ${JSON.stringify(thrown)}`);
  return thrown;
};

describe('a program sends', () => {
  test('live to all devices that are registered, and hears that it was delivered', async () => {
    await start();
    const [desk, mobile] = [await scene.phone('bob'), await scene.phone('bob')];
    await desk.register();
    await mobile.register();
    const answer = await submit({ from: '"Alice" <sip:alice@example.org>', headers: { Subject: 'Lunch' } });
    expect(answer).toMatchObject({ outcome: 'delivered', repeated: false, box: 'bob@example.org', id: 0 });
    for (const phone of [desk, mobile]) {
      const [message] = await phone.received(1);
      expect(message?.text).toBe('hello');
      expect(message?.header('From')).toMatch(/^"Alice" <sip:alice@example.org>;tag=/);
      expect(message?.header('Content-Type')).toBe('text/plain;charset=utf-8');
      expect(message?.header('Subject')).toBe('Lunch');
    }
    expect(await scene.texts('bob')).toEqual([]);
  });

  test('into the box of somebody who is away, byte for byte, and it arrives when that one comes', async () => {
    await start();
    const body = Buffer.from('{"füße": "\\u0000"}\r\n\r\n');
    const answer = await submit({ body, contentType: 'application/json;v=1' });
    expect(answer).toMatchObject({ outcome: 'stored', repeated: false });
    const [waits] = await scene.node.store.waiting('bob@example.org', scene.time, 9);
    expect(waits).toMatchObject({ id: answer.id, key: answer.key, callId: answer.callId });
    const bob = await scene.phone('bob');
    await bob.register();
    const [message] = await bob.received(1);
    expect(message?.body).toEqual(body);
    expect(message?.header('Content-Type')).toBe('application/json;v=1');
  });

  test('what no device takes is stored, and what a device refuses for good is refused with its status', async () => {
    await start();
    const bob = await scene.phone('bob', { react: () => 486 });
    await bob.register();
    expect(await submit()).toMatchObject({ outcome: 'stored' });
    const carol = await scene.phone('carol', { react: () => 603 });
    await carol.register();
    expect(await refusal({ to: 'carol@example.org' })).toMatchObject({ code: 'SILO_REFUSED', status: 603 });
    expect(await scene.texts('carol')).toEqual([]);
  });

  test('a set time is kept, and an expiry, which may say now or never', async () => {
    await start();
    const sendAt = new Date((scene.time + 3600) * 1000);
    expect(await submit({ sendAt, expires: 60 })).toMatchObject({ outcome: 'stored' });
    expect(await scene.node.silo.reminders.list()).toMatchObject([
      { sendTime: scene.time + 3600, expTime: scene.time + 3660 },
    ]);
    expect(await refusal({ to: 'carol@example.org', expires: 0 })).toMatchObject({ status: 480 });
    const carol = await scene.phone('carol');
    await carol.register();
    expect(await submit({ to: 'carol@example.org', expires: 0 })).toMatchObject({ outcome: 'delivered' });
    expect((await carol.received(1))[0]?.header('Expires')).toBe('0');
  });

  test('the author gets the notice and the receipt that a phone would get', async () => {
    await start({ silo: { noticeFrom: 'sip:silo@example.org' } });
    const alice = await scene.phone('alice');
    await alice.register();
    const cpim =
      'From: <im:alice@example.org>\r\nTo: <im:bob@example.org>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
      'imdn.Message-ID: 34jk324j\r\nimdn.Disposition-Notification: processing\r\n\r\n' +
      'Content-type: text/plain\r\n\r\nhello';
    await submit({ contentType: 'message/cpim', body: cpim });
    await alice.received(2);
    expect(alice.texts.some((text) => text.startsWith('Your message to bob@example.org is stored'))).toBe(
      true,
    );
    expect(alice.texts.some((text) => text.includes('34jk324j') && text.includes('<stored/>'))).toBe(true);
  });

  test('a sips: address is reached over TLS or not at all, as by SIP', async () => {
    await start();
    const bob = await scene.phone('bob');
    await bob.register();
    expect(await submit({ to: 'sips:bob@example.org' })).toMatchObject({ outcome: 'stored' });
    await nothingMore(bob);
  });

  test('what program and phone send to one box arrives in the order in which it was accepted', async () => {
    await start();
    const [alice, bob] = [await scene.phone('alice'), await scene.phone('bob')];
    const texts: string[] = [];
    const both = async (n: number) => {
      await submit({ body: `program ${n}` });
      expect((await alice.message('bob', `phone ${n}`)).status).toBeLessThan(203);
      texts.push(`program ${n}`, `phone ${n}`);
    };
    for (let n = 0; n < 5; n++) await both(n);
    await bob.register();
    for (let n = 5; n < 10; n++) await both(n);
    await bob.received(20);
    expect(bob.texts).toEqual(texts);
  });

  test('what it sends without waiting for answers keeps its order, too', async () => {
    await start();
    const bob = await scene.phone('bob', { react: (_, nth) => (nth === 1 ? 486 : 200) });
    await bob.register();
    const texts = Array.from({ length: 30 }, (_, n) => String(n));
    const answers = await Promise.all(
      texts.map((body, n) => submit({ body, ...(n % 3 === 0 ? { idempotencyKey: body } : {}) })),
    );
    expect(answers[0]).toMatchObject({ outcome: 'stored' });
    scene.time += 60;
    await bob.register();
    await bob.received(31);
    expect(bob.texts).toEqual(['0', ...texts]);
  });
});

describe('a program that asks again with the same idempotencyKey', () => {
  test.each(['stored', 'delivered'] as const)('has the answer of the first time: %s', async (outcome) => {
    await start();
    const bob = await scene.phone('bob');
    if (outcome === 'delivered') await bob.register();
    const first = await submit({ idempotencyKey: 'order 7' });
    expect(first).toMatchObject({ outcome, repeated: false });
    const others = await Promise.all([1, 2, 3].map(() => submit({ idempotencyKey: 'order 7' })));
    for (const other of others) expect(other).toEqual({ ...first, repeated: true });
    await bob.register();
    await bob.received(1);
    await nothingMore(bob);
    expect(await submit({ idempotencyKey: 'order 7' })).toEqual({ ...first, repeated: true });
  });

  test('many at once are one message', async () => {
    await start();
    const all = await Promise.all(Array.from({ length: 20 }, () => submit({ idempotencyKey: 'k' })));
    expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await scene.texts('bob')).toEqual(['hello']);
  });

  test.each<[string, Partial<Submission>]>([
    ['another text', { body: 'bye' }],
    ['another recipient', { to: 'carol@example.org' }],
    ['another expiry', { expires: 5 }],
    ['another header', { headers: { Subject: 'x' } }],
  ])('and %s is told that this key is taken', async (_, over) => {
    await start();
    await submit({ idempotencyKey: 'k' });
    const error = await refusal({ idempotencyKey: 'k', ...over });
    expect(error).toMatchObject({ code: 'SILO_CONFLICT', status: 400 });
    expect(error.message).toContain('a new one a key of its own');
  });

  test('after a refusal it is free again', async () => {
    await start();
    expect(await refusal({ idempotencyKey: 'k', expires: 0 })).toMatchObject({ status: 480 });
    expect(await submit({ idempotencyKey: 'k' })).toMatchObject({ outcome: 'stored', repeated: false });
  });

  test('it is forgotten with the ledger', async () => {
    await start({ silo: { keepLedger: 86_400, checkTime: 0.05, expireTime: 60 } });
    await submit({ idempotencyKey: 'k' });
    scene.time += 61;
    await until(async () => expect(await scene.node.store.ledger()).toMatchObject({ expired: 1 }));
    scene.time += 86_500;
    // Before that the ledger would know it.
    await until(async () => expect(await scene.node.store.ledger()).toMatchObject({ expired: 0 }));
    await until(async () => expect(await submit({ idempotencyKey: 'k' })).toMatchObject({ repeated: false }));
  });
});

describe('a reminder of a program', () => {
  test('that waits longer than names are remembered is known by the ledger', async () => {
    await start({ silo: { keepLedger: 86_400, checkTime: 0.05 } });
    const sendAt = new Date((scene.time + 3 * 86_400) * 1000);
    const ask = () => submit({ idempotencyKey: 'k', sendAt, expires: 60 });
    expect(await ask()).toMatchObject({ outcome: 'stored', repeated: false });
    scene.time += 2 * 86_400;
    const forgotten = () => scene.node.calls.get('forgetSubmissions') ?? 0;
    const before = forgotten();
    await until(() => forgotten() > before + 1);
    expect(await ask()).toMatchObject({ outcome: 'stored', repeated: true });
    expect(await scene.node.silo.reminders.list()).toHaveLength(1);
  });
});

describe('a program is refused', () => {
  test.each<[string, number, RegExp, Partial<Submission>]>([
    ['a recipient of elsewhere', 404, /not of a domain served here/, { to: 'bob@example.com' }],
    ['bytes that are no text', 415, /not UTF-8 text/, { body: Buffer.from([0xff, 0xfe]) }],
    ['more than drachtio takes', 413, /at most \d+ can be delivered/, { body: 'x'.repeat(20_000) }],
    ['what is not stored', 480, /never stored|not stored/, { contentType: 'application/im-iscomposing+xml' }],
    ['a time that is none', 400, /the time .* can't be used/i, { sendAt: '20301301' }],
    ['a time too far ahead', 400, /days ahead/, { sendAt: 9_999_999_999 }],
  ])('%s, with the status of a phone: %d', async (_, status, sentence, over) => {
    await start({ silo: { domains: ['example.org'] } });
    const error = await refusal(over);
    expect(error).toMatchObject({ code: 'SILO_REFUSED', status });
    expect(error.message).toMatch(sentence);
  });

  test.each<[string, RegExp, object]>([
    [
      'from',
      /^from of silo\.submit \(found "bob"\): wanted is an address such as bob@example\.org/,
      { from: 'bob' },
    ],
    ['to', /^to of silo\.submit \(found undefined\): wanted is an address/, { to: undefined }],
    ['body', /^body of silo\.submit \(found number\): wanted is text, or bytes/, { body: 7 }],
    ['contentType', /wanted is type\/subtype/, { contentType: 'text' }],
    ['expires', /\(found -1\): wanted is a whole number of seconds/, { expires: -1 }],
    ['sendAt', /wanted is a time such as/, { sendAt: {} }],
    [
      'headers',
      /^headers\.Via of silo\.submit .*: wanted is the name of a header that is not written anyway/,
      { headers: { Via: 'x' } },
    ],
    ['a header', /without control characters/, { headers: { Subject: 'a\r\nVia: b' } }],
    ['idempotencyKey', /wanted is a text of 1 to 255 characters/, { idempotencyKey: '' }],
    ['a name', /^There is no Body in silo\.submit\. Did you mean body\?$/, { Body: 'x' }],
  ])('%s that can not be read, in a sentence that says what is wanted', async (_, sentence, over) => {
    await start();
    const error = await refusal(over);
    expect(error).toMatchObject({ code: 'SILO_USAGE', status: 400 });
    expect(error.message).toMatch(sentence);
  });

  test('when a box is full, and one sender can not fill it alone, whichever way he takes', async () => {
    await start({ silo: { maxMessages: 40, senderShare: 50 } });
    const alice = await scene.phone('alice');
    for (let n = 0; n < 10; n++) {
      expect((await alice.message('bob', `phone ${n}`)).status).toBe(202);
      await submit({ body: `program ${n}` });
    }
    expect((await alice.message('bob', 'more')).status).toBe(480);
    expect(await refusal({ body: 'more' })).toMatchObject({ status: 480 });
    expect(await submit({ from: 'carol@example.org' })).toMatchObject({ outcome: 'stored' });
  });

  test('when it asks too fast in the name of one sender, with the time to wait', async () => {
    await start({ limits: { senderBurst: 5, senderRate: 1 } });
    for (let n = 0; n < 5; n++) await submit({ to: `u${n}@example.org` });
    const error = await refusal({});
    expect(error).toMatchObject({ status: 480, retryAfter: 1 });
    expect(error.message).toContain('At most 1 requests a second of one sender are served');
    expect(await submit({ from: 'carol@example.org' })).toMatchObject({ outcome: 'stored' });
  });

  test('when the node stops, and what it has begun is finished first', async () => {
    await start();
    const bob = await scene.phone('bob');
    await bob.register();
    let answer: (status: number) => void = () => undefined;
    bob.react = () => new Promise<number>((resolve) => (answer = resolve));
    const under = submit();
    await bob.received(1);
    const closed = scene.node.silo.close();
    expect(await refusal({})).toMatchObject({ code: 'SILO_CLOSED', status: 503, retryAfter: 5 });
    answer(200);
    expect(await under).toMatchObject({ outcome: 'delivered' });
    await closed;
  });
});
