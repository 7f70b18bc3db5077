/** Messages with a set time. */
import { afterEach, describe, expect, test } from 'vitest';
import type { SiloOptions } from '../../../lib/silo/state/options.ts';
import { sendTimeOf } from '../../../lib/silo/receive/send-at.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { idle, looked } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});
const real = () => Math.floor(Date.now() / 1000);
const start = async (silo: SiloOptions = {}, now?: () => number) =>
  (scene = await aScene({ silo: { sendAtHeader: 'X-Send-At', ...silo }, ...(now ? { now } : {}) }));
const at = (seconds: number) => ({ headers: { 'X-Send-At': new Date(seconds * 1000).toISOString() } });

describe('a time', () => {
  const now = Date.UTC(2026, 0, 1) / 1000;
  const read = (value: string | number | Date, sendAtZone = 'UTC') =>
    sendTimeOf(value, now, { sendAtZone, maxSendAhead: 366 * 86_400 });

  test.each([
    ['2026-03-01T12:00:00Z', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01T12:00Z', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01t12:00:00.250z', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01T12:00:00+02:00', Date.UTC(2026, 2, 1, 10)],
    ['2026-03-01T00:30:00-0800', Date.UTC(2026, 2, 1, 8, 30)],
    ['20260301120000', Date.UTC(2026, 2, 1, 12)],
  ])('%s is read', (text, ms) => {
    expect(read(text)).toBe(ms / 1000);
  });

  test('a Date and epoch seconds are taken as they are', () => {
    expect(read(new Date((now + 60) * 1000))).toBe(now + 60);
    expect(read(now + 60)).toBe(now + 60);
  });

  test("msilo's digits are in the configured zone, in summer and in winter", () => {
    expect(read('20260701120000', 'Europe/Berlin')).toBe(Date.UTC(2026, 6, 1, 10) / 1000);
    expect(read('20261201120000', 'Europe/Berlin')).toBe(Date.UTC(2026, 11, 1, 11) / 1000);
    expect(read('20260701120000', 'America/St_Johns')).toBe(Date.UTC(2026, 6, 1, 14, 30) / 1000);
  });

  test('an hour that the clocks show twice is the first one, one that they leave out is refused', () => {
    expect(read('20261025023000', 'Europe/Berlin')).toBe(Date.UTC(2026, 9, 25, 0, 30) / 1000);
    expect(() => read('20260329023000', 'Europe/Berlin')).toThrow('leave this hour out');
  });

  test.each([
    'tomorrow',
    '2026-03-01T12:00:00',
    '2026-02-29T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-03-01T24:30:00Z',
    '2026-03-01T12:00:00+25:00',
    '2027',
    '20261301000000',
    '202603011200000',
    '',
    NaN,
    '2030-01-01T00:00:00Z',
    '2020-01-01T00:00:00Z',
  ])('%j is refused with 400 and a sentence', (value) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({
        status: 400,
        message: expect.stringContaining('Wanted is e.g. 2026-01-02T00:00:00Z') as string,
      }) as Error,
    );
  });

  test('one that has just passed means: at once', () => {
    expect(read(now - 5)).toBe(0);
    expect(read(now)).toBe(0);
  });
});

describe('a reminder', () => {
  test('is not delivered live, but at its time to the second, once, with its author as From', async () => {
    // The looks of the clock are too rare to be what sends it.
    const { node, phone } = await start({ tailTime: 30 }, real);
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    const due = real() + 2;
    expect((await alice.message('bob', 'meeting', at(due))).status).toBe(202);
    await bob.received(1);
    const late = Date.now() - due * 1000;
    expect(late).toBeGreaterThanOrEqual(-5);
    // Its box was not leased for nothing before: a node that died just then would have held it up beyond its time.
    expect(node.calls.get('claim')).toBe(1);
    expect(bob.messages[0]!.header('From')).toContain('<sip:alice@example.org>');
    expect(bob.messages[0]!.header('X-Send-At')).toBe('');
    await until(async () => expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1 }));
  });

  test('those that are due go out in the order of their times', async () => {
    const { phone } = await start({ tailTime: 0.05 });
    const alice = await phone('alice');
    const bob = await phone('bob');
    await bob.register({ expires: 3600 });
    for (const offset of [30, 10, 20]) await alice.message('bob', `in ${offset} s`, at(scene!.time + offset));
    scene!.time += 30;
    await bob.received(3);
    expect(bob.texts).toEqual(['in 10 s', 'in 20 s', 'in 30 s']);
  });

  test('with the device away at its time it becomes an ordinary waiting message', async () => {
    const { phone, texts } = await start({
      tailTime: 0.05,
      addDate: true,
      reminderFrom: 'sip:clock@example.org',
    });
    const alice = await phone('alice');
    await alice.message('bob', 'wake up', at(scene!.time + 10));
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    await looked(scene!.node);
    await idle(scene!.node, bob);
    expect(bob.messages).toHaveLength(0);
    await bob.unregister();
    scene!.time += 100;
    await until(async () => expect(await texts('bob')).toEqual(['wake up']));
    await looked(scene!.node);
    await idle(scene!.node, bob);
    await bob.register({ expires: 600 });
    await bob.received(1);
    // Too late to be a reminder: its author again, and the other prefix.
    expect(bob.messages[0]!.header('From')).toContain('<sip:alice@example.org>');
    expect(bob.texts[0]).toMatch(/^\[Offline message - .{24}\] wake up$/);
  });

  test("reminderFrom and addDate give it msilo's From and prefix", async () => {
    const { phone } = await start({ tailTime: 0.05, addDate: true, reminderFrom: 'sip:clock@example.org' });
    const alice = await phone('alice');
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    const due = scene!.time + 10;
    await alice.message('bob', 'wake up', at(due));
    scene!.time = due;
    await bob.received(1);
    expect(bob.messages[0]!.header('From')).toMatch(/^<sip:clock@example\.org>;tag=/);
    expect(bob.texts[0]).toMatch(/^\[Reminder message - .{24}\] wake up$/);
  });

  test('a bad time is refused with 400, not ignored', async () => {
    const { phone, texts } = await start();
    const alice = await phone('alice');
    const answer = await alice.message('bob', 'hi', { headers: { 'X-Send-At': 'next week' } });
    expect(answer.status).toBe(400);
    expect(answer.start).toContain('next week" to send at can\'t be used');
    expect(await texts('bob')).toEqual([]);
  });

  test('its lifetime begins at its time; Expires counts from then', async () => {
    const { phone, node } = await start();
    const alice = await phone('alice');
    const due = scene!.time + 500_000;
    await alice.message('bob', 'later', { headers: { ...at(due).headers, Expires: '60' } });
    expect(await node.silo.reminders.list()).toMatchObject([{ sendTime: due, expTime: due + 60 }]);
  });

  test('reminders are listed and cancelled by id', async () => {
    const { phone, node } = await start({ tailTime: 0.05 });
    const alice = await phone('alice');
    for (const offset of [10, 20]) await alice.message('bob', `in ${offset}`, at(scene!.time + offset));
    await alice.message('carol', 'hers', at(scene!.time + 15));
    const list = await node.silo.reminders.list({ box: 'bob@example.org' });
    expect(list.map(({ sendTime }) => sendTime - scene!.time)).toEqual([10, 20]);
    expect(list[0]).toMatchObject({ box: 'bob@example.org', from: 'sip:alice@example.org' });
    expect(await node.silo.reminders.cancel([list[0]!.id])).toBe(1);
    expect(await node.silo.reminders.cancel([list[0]!.id])).toBe(0);
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    scene!.time += 20;
    await bob.received(1);
    await idle(node, bob);
    expect(bob.texts).toEqual(['in 20']);
    expect(await node.store.ledger()).toMatchObject({ erased: 1 });
  });

  test('does not count on the lamp before its time', async () => {
    const { phone, node } = await start();
    const alice = await phone('alice');
    await alice.message('bob', 'later', at(scene!.time + 10));
    const counts = async () => (await node.store.mailboxStates(['bob@example.org'], scene!.time))[0]!.waiting;
    expect(await counts()).toEqual({ messages: 0, urgent: 0 });
    scene!.time += 10;
    expect(await counts()).toEqual({ messages: 1, urgent: 0 });
  });
});
