/** Boxes for operators: lists, counts, one box, and what is done about it. */
import { afterEach, describe, expect, test } from 'vitest';
import type { TestNodeOptions } from '../../support/node.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { onEachStore } from '../../support/each-store.ts';
import { nothingMore } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

onEachStore((emptyStore) => {
  let scene: Scene;
  afterEach(() => scene.close());
  const start = async (options: TestNodeOptions = {}) =>
    (scene = await aScene({ storeUrl: await emptyStore(), ...options }));
  const boxes = () => scene.node.silo.boxes;
  const names = async (query = {}) => (await boxes().list(query)).boxes.map(({ aor }) => aor);
  const aor = (user: string) => `${user}@example.org`;

  describe('a list of boxes', () => {
    test('begins with the most messages, with the longest waiting, or with the first name', async () => {
      const { leave } = await start();
      await leave('carol', 'one');
      scene.time += 5;
      await leave('alan', 'one', 'two', 'three');
      scene.time += 5;
      await leave('bob', 'one', 'two');
      expect(await names()).toEqual([aor('alan'), aor('bob'), aor('carol')]);
      expect(await names({ order: 'oldest' })).toEqual([aor('carol'), aor('alan'), aor('bob')]);
      expect(await names({ order: 'name' })).toEqual([aor('alan'), aor('bob'), aor('carol')]);
      const [first] = (await boxes().list({ order: 'oldest' })).boxes;
      expect(first).toMatchObject({ waiting: 1, oldest: scene.time - 10 });
      expect(await boxes().count()).toMatchObject({ boxes: 3, messages: 6 });
    });

    test.each(['waiting', 'oldest', 'name'] as const)(
      'by %s goes on behind its cursor, and has each box once',
      async (order) => {
        const { leave } = await start();
        for (const user of ['u1', 'u2', 'u3', 'u4', 'u5']) await leave(user, 'same');
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await boxes().list({ order, limit: 2, ...(cursor ? { cursor } : {}) });
          seen.push(...page.boxes.map((box) => box.aor));
          expect(page.boxes.length).toBeLessThanOrEqual(2);
          cursor = page.next;
        } while (cursor !== undefined);
        expect(seen).toHaveLength(5);
        expect(new Set(seen).size).toBe(5);
      },
    );

    test('has one domain alone when it is asked for', async () => {
      const { node, phone } = await start();
      const alice = await phone('alice');
      await alice.message('bob@elsewhere.example', 'hi', { uri: 'sip:bob@elsewhere.example' });
      await alice.message('bob', 'hi');
      expect(await names({ domain: 'Elsewhere.example' })).toEqual(['bob@elsewhere.example']);
      expect(await node.silo.boxes.count({ domain: 'elsewhere.example' })).toMatchObject({
        boxes: 1,
        messages: 1,
      });
    });

    test('refuses the cursor of another list, and a limit that is none, with 400', async () => {
      const { leave } = await start();
      await leave('bob', 'one');
      await leave('carol', 'one');
      const { next } = await boxes().list({ limit: 1 });
      for (const query of [{ cursor: next!, order: 'name' as const }, { cursor: 'x' }, { limit: 0 }])
        await expect(boxes().list(query)).rejects.toMatchObject({ code: 'SILO_REFUSED', status: 400 });
    });

    test('no longer has a box that was emptied, whoever deleted its rows', async () => {
      const { leave, phone } = await start();
      await leave('bob', 'one');
      expect(await names()).toEqual([aor('bob')]);
      const bob = await phone('bob');
      await bob.register({ expires: 600 });
      await bob.received(1);
      await until(async () => expect(await names()).toEqual([]));
      expect(await boxes().count()).toMatchObject({ boxes: 0, messages: 0 });
    });

    test('says when all boxes had been counted', async () => {
      await start();
      await until(async () => expect((await boxes().list()).counted).toBe(scene.time));
    });
  });

  describe('a box is stuck', () => {
    const reason = async (user: string) => (await boxes().show(aor(user))).stuck;

    test('for want of a device', async () => {
      const { leave } = await start();
      await leave('bob', 'hi');
      expect(await reason('bob')).toMatchObject({ reason: 'no-device' });
      expect(await names({ stuck: true })).toEqual([aor('bob')]);
      expect(await names({ stuck: 'back-off' })).toEqual([]);
    });

    test('until its back-off ends, with the status that came back', async () => {
      const { leave, phone } = await start();
      await leave('bob', 'hi');
      const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 500 : 200) });
      await bob.register({ expires: 600 });
      await until(async () => expect(await reason('bob')).toMatchObject({ reason: 'back-off', status: 500 }));
      expect((await reason('bob'))!.until).toBeGreaterThan(scene.time);
      expect(await names({ stuck: 'back-off' })).toEqual([aor('bob')]);
    });

    test('because each device has refused its first message', async () => {
      const { leave, phone } = await start();
      await leave('bob', 'hi');
      const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 415 : 200) });
      await bob.register({ expires: 600 });
      await until(async () =>
        expect(await reason('bob')).toMatchObject({ reason: 'refused', by: [expect.any(String) as string] }),
      );
    });

    test('while another node serves it', async () => {
      const { leave, node } = await start();
      await leave('bob', 'hi');
      const claim = await node.store.claim(aor('bob'), 'other/run', 30);
      expect(await reason('bob')).toMatchObject({ reason: 'lease', node: 'other' });
      if ('lease' in claim) await node.store.release(claim.lease);
    });

    test('not while its only message has a time that is still to come', async () => {
      const { phone } = await start({ silo: { sendAtHeader: 'X-Send-At' } });
      const alice = await phone('alice');
      const at = new Date((scene.time + 500) * 1000).toISOString();
      await alice.message('bob', 'later', { headers: { 'X-Send-At': at } });
      expect(await boxes().show(aor('bob'))).toMatchObject({ waiting: 1 });
      expect(await reason('bob')).toBeUndefined();
    });
  });

  describe('one box', () => {
    test('is shown in the order of sending, in pages, and with bodies only when asked', async () => {
      const { leave } = await start();
      await leave('bob', 'one', 'two', 'three');
      const shown = await boxes().show('sip:bob@example.org', { limit: 2 });
      expect(shown).toMatchObject({ aor: aor('bob'), waiting: 3 });
      expect(shown.messages).toHaveLength(2);
      expect(shown.messages[0]).toMatchObject({ from: 'sip:alice@example.org', kind: 'message' });
      expect(shown.messages[0]).not.toHaveProperty('body');
      expect(shown.messages[0]).not.toHaveProperty('headers');
      const rest = await boxes().show(aor('bob'), { limit: 2, cursor: shown.next!, bodies: true });
      expect(rest.messages.map(({ body }) => body?.toString())).toEqual(['three']);
      expect(rest.next).toBeUndefined();
    });

    test('that holds nothing is shown empty; one that names no user is refused with 400', async () => {
      await start();
      expect(await boxes().show(aor('nobody'))).toEqual({
        aor: aor('nobody'),
        waiting: 0,
        oldest: 0,
        messages: [],
      });
      await expect(boxes().show('example.org')).rejects.toMatchObject({ code: 'SILO_REFUSED', status: 400 });
    });
  });

  test('requeue tries at once what is in back-off, and asks a device again that has refused', async () => {
    const { leave, phone } = await start();
    await leave('bob', 'one');
    let answer = 415;
    const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? answer : 200) });
    await bob.register({ expires: 600 });
    await until(async () =>
      expect((await boxes().show(aor('bob'))).stuck).toMatchObject({ reason: 'refused' }),
    );
    answer = 500;
    expect(await boxes().requeue(aor('bob'))).toBe(1);
    await until(async () =>
      expect((await boxes().show(aor('bob'))).stuck).toMatchObject({ reason: 'back-off' }),
    );
    answer = 200;
    expect(await boxes().requeue(aor('bob'))).toBe(1);
    await until(async () =>
      expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1 }),
    );
    expect(await boxes().requeue(aor('nobody'))).toBe(0);
  });

  test.each(['first', 'every'] as const)(
    'requeue while an attempt is under way outlasts its failure, deliverTo %s',
    async (deliverTo) => {
      const { leave, phone } = await start({ silo: { maxAttempts: 2, deliverTo } });
      await leave('bob', 'one');
      const answers: ((status: number) => void)[] = [];
      const bob = await phone('bob', {
        react: ({ method }) =>
          method === 'MESSAGE' ? new Promise((answer) => void answers.push(answer)) : 200,
      });
      const answer = async (status: number) => {
        await until(() => answers.length > 0);
        answers.pop()?.(status);
      };
      await bob.register({ expires: 600 });
      await answer(500);
      await until(async () =>
        expect((await boxes().show(aor('bob'))).stuck).toMatchObject({ reason: 'back-off' }),
      );
      scene.time += 60;
      // The last one.
      await until(() => answers.length > 0);
      scene.time += 1;
      expect(await boxes().requeue(aor('bob'))).toBe(1);
      await answer(500);
      await answer(500);
      await until(async () =>
        expect((await boxes().show(aor('bob'))).stuck).toMatchObject({ reason: 'back-off' }),
      );
      expect(await scene.node.store.ledger()).toMatchObject({ waiting: 1, dead: 0 });
    },
  );

  test('remove ends what it is told to, with its reason, and nothing of it is delivered', async () => {
    const { leave, node, phone } = await start();
    await leave('bob', 'one', 'two', 'three');
    const ended: string[] = [];
    node.silo.events.on('erased', ({ reason }) => ended.push(reason));
    const [first] = (await boxes().show(aor('bob'))).messages;
    expect(await boxes().remove(aor('carol'), { ids: [first!.id] })).toBe(0);
    expect(await boxes().remove(aor('bob'), { ids: [first!.id, first!.id] })).toBe(1);
    expect(await boxes().remove(aor('bob'))).toBe(2);
    expect(ended).toEqual(Array(3).fill('removed by an operator'));
    expect(await node.store.ledger()).toMatchObject({ waiting: 0, erased: 3 });
    expect(await names()).toEqual([]);
    const bob = await phone('bob');
    await bob.register({ expires: 600 });
    await nothingMore(bob);
  });

  test('move puts all into another box, in order, where it is delivered; a repeat of it is known still', async () => {
    const { leave, node, phone } = await start();
    await leave('bob', 'one', 'two');
    const alice = await phone('alice2');
    const repeated = { callId: 'again@example.org', cseq: 7, tag: 'same' };
    await alice.message('bob', 'three', repeated);
    const carol = await phone('carol');
    await carol.register({ expires: 600 });
    expect(await boxes().move(aor('bob'), aor('carol'))).toBe(3);
    await carol.received(3);
    expect(carol.texts).toEqual(['one', 'two', 'three']);
    await until(async () => expect(await node.store.ledger()).toMatchObject({ waiting: 0, delivered: 3 }));
    expect(await names()).toEqual([]);
    await expect(boxes().move(aor('bob'), aor('bob'))).rejects.toMatchObject({ status: 400 });
  });

  test('move is refused with 409 while a node serves the box', async () => {
    const { leave, node } = await start();
    await leave('bob', 'one');
    const claim = await node.store.claim(aor('bob'), 'other/run', 30);
    await expect(boxes().move(aor('bob'), aor('carol'))).rejects.toMatchObject({
      code: 'SILO_REFUSED',
      status: 409,
    });
    expect(await boxes().show(aor('bob'))).toMatchObject({ waiting: 1 });
    if ('lease' in claim) await node.store.release(claim.lease);
  });
});
