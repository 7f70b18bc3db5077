/** How much may wait (msilo's `max_messages`, and more). */
import { afterEach, describe, expect, test } from 'vitest';
import type { EndedEvent } from '../../../lib/silo/state/events.ts';
import type { SiloOptions } from '../../../lib/silo/state/options.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { until } from '../../support/until.ts';

let scene: Scene;
const start = async (silo: SiloOptions) => (scene = await aScene({ silo }));
afterEach(() => scene.close());

describe('a quota', () => {
  test('a full box: 480 with a sentence, and room again after a delivery', async () => {
    await start({ maxMessages: 2 });
    await scene.leave('bob', 'one', 'two');
    const alice = await scene.phone('alice');
    const refused = await alice.message('bob', 'three');
    expect(refused.status).toBe(480);
    expect(refused.start).toContain('The box of bob@example.org is full: 2 messages');
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(2);
    await bob.unregister();
    await until(async () => expect(await scene.texts('bob')).toEqual([]));
    expect((await alice.message('bob', 'three')).status).toBe(202);
  });

  test('one user, or one domain, that is full leaves the others alone', async () => {
    await start({ maxMessages: 2, domainMaxMessages: 3 });
    await scene.leave('bob', 'one', 'two');
    await scene.leave('carol', 'three');
    const alice = await scene.phone('alice');
    const refused = await alice.message('dave', 'four');
    expect(refused.status).toBe(480);
    expect(refused.start).toContain('The domain example.org is full');
    expect((await alice.message('dave@elsewhere.org', 'five')).status).toBe(202);
  });

  test('100 at once at a limit that leaves room for one: one is accepted, the others are told', async () => {
    await start({ maxMessages: 6 });
    await scene.leave('bob', 'a', 'b', 'c', 'd', 'e');
    const senders = await Promise.all(Array.from({ length: 10 }, (_, i) => scene.phone(`sender${i}`)));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => senders[i % 10]!.message('bob', `text ${i}`)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 480)).toHaveLength(99);
  });

  test('drop-oldest: the newest stay, the host app hears of those that went', async () => {
    await start({ maxMessages: 2, overflow: 'drop-oldest' });
    const erased: EndedEvent[] = [];
    scene.node.silo.events.on('erased', (event) => erased.push(event));
    await scene.leave('bob', 'one', 'two', 'three', 'four');
    expect(await scene.texts('bob')).toEqual(['three', 'four']);
    expect(erased).toMatchObject([
      { box: 'bob@example.org', outcome: 'erased', reason: 'quota: made room for a newer one' },
      { box: 'bob@example.org' },
    ]);
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 2, erased: 2 });
  });

  test.each(['first', 'every'] as const)(
    'drop-oldest while the box is sent (to %s): nothing hangs, and the ledger says delivered of all that a device took',
    async (deliverTo) => {
      await start({ maxMessages: 3, overflow: 'drop-oldest', deliverTo });
      await scene.leave('bob', '1', '2', '3');
      let [sent, over] = [3, false];
      const bob = await scene.phone('bob', {
        react: async ({ method }) => {
          // Many more come while it takes one.
          const before = sent;
          if (method === 'MESSAGE') await until(() => over || sent > before + 10);
          return 200;
        },
      });
      await bob.register({ expires: 600 });
      const alice = await scene.phone('alice');
      for (; sent < 60; sent++) expect((await alice.message('bob', `${sent + 1}`)).status).toBe(202);
      over = true;
      await until(async () => expect(await scene.texts('bob')).toEqual([]));
      expect(bob.texts.at(-1)).toBe('60');
      expect(new Set(bob.texts).size).toBe(bob.texts.length);
      const delivered = bob.texts.length;
      expect(await scene.node.store.ledger()).toMatchObject({ delivered, erased: 60 - delivered });
    },
  );

  test('bytes: a long text does not fit where a short one does', async () => {
    await start({ maxBytes: 100 });
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'x'.repeat(101))).status).toBe(480);
    expect((await alice.message('bob', 'short')).status).toBe(202);
  });
});

describe('what may wait', () => {
  test('storeTypes: other types go live or not at all', async () => {
    await start({ storeTypes: ['text/*', 'message/cpim'] });
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', '{}', { contentType: 'application/json' })).status).toBe(480);
    expect((await alice.message('bob', 'hi', { contentType: 'text/html' })).status).toBe(202);
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () => expect(await scene.texts('bob')).toEqual([]));
    expect((await alice.message('bob', '{}', { contentType: 'application/json' })).status).toBe(200);
  });

  test('skipTypes: also inside CPIM', async () => {
    await start({ skipTypes: ['application/x-ping'] });
    const alice = await scene.phone('alice');
    const cpim = 'From: <sip:a@x>\r\nTo: <sip:b@x>\r\n\r\nContent-Type: application/x-ping\r\n\r\nping';
    for (const [contentType, body] of [
      ['application/x-ping', 'ping'],
      ['message/cpim', cpim],
    ] as const) {
      const answer = await alice.message('bob', body, { contentType });
      expect(answer.status).toBe(480);
      expect(answer.start).toContain('application/x-ping are not stored');
    }
  });

  test.each([
    ['Cache-Control', 'no-store'],
    ['Request-Disposition', 'proxy, no-queue'],
    ['d', 'no-queue'],
    ['Expires', '0'],
  ])('%s: %s is honoured', async (name, value) => {
    await start({});
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'now', { headers: { [name]: value } })).status).toBe(480);
    expect(await scene.texts('bob')).toEqual([]);
  });

  test('keepHeaders and dropHeaders say which headers travel', async () => {
    await start({ keepHeaders: ['Subject', 'X-Keep'], dropHeaders: ['Subject'] });
    const alice = await scene.phone('alice');
    const headers = { Subject: 's', 'X-Keep': 'k', 'X-Other': 'o' };
    await alice.message('bob', 'hi', { headers });
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    const [message] = await bob.received(1);
    expect(['Subject', 'X-Keep', 'X-Other'].map((name) => message!.header(name))).toEqual(['', 'k', '']);
  });
});
