/** One message and its whole way, the devices of an AoR, and the nodes, for operators. */
import { afterEach, expect, test } from 'vitest';
import type { TestNodeOptions } from '../../support/node.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { onEachStore } from '../../support/each-store.ts';
import { until } from '../../support/until.ts';

onEachStore((emptyStore) => {
  let scene: Scene;
  afterEach(() => scene.close());
  const start = async (options: TestNodeOptions = {}) =>
    (scene = await aScene({ storeUrl: await emptyStore(), ...options }));
  const show = (which: string | number, query = {}) => scene.node.silo.messages.show(which, query);
  const bob = 'bob@example.org';

  test('a message is found by its Call-ID, its id and its key, with its way so far', async () => {
    const { phone, node } = await start();
    const alice = await phone('alice');
    await alice.message('bob', 'hi', { callId: 'c1@example.org' });
    const [way] = await show('c1@example.org');
    expect(way).toMatchObject({
      aor: bob,
      state: 'waiting',
      accepted: scene.time,
      ended: 0,
      status: 0,
      reason: '',
    });
    expect(way!.message).toMatchObject({ from: 'sip:alice@example.org', callId: 'c1@example.org' });
    expect(way!.message).not.toHaveProperty('body');
    expect(way!.steps).toMatchObject([{ what: 'accepted', at: scene.time }]);
    expect(await show(way!.id!)).toEqual([way]);
    expect(await show(way!.key)).toEqual([way]);
    expect((await show(way!.key, { bodies: true }))[0]!.message!.body!.toString()).toBe('hi');
    expect(await show('unknown')).toEqual([]);
    expect(await show(4_000_000)).toEqual([]);
    expect(node.silo).toBeDefined();
  });

  test('each attempt with its answer and the end stand in its way, in order', async () => {
    const { phone } = await start({ silo: { tailTime: 0.05 } });
    const alice = await phone('alice');
    await alice.message('bob', 'hi', { callId: 'c2@example.org' });
    let status = 500;
    const device = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
    await device.register({ expires: 3600 });
    await until(async () => expect((await show('c2@example.org'))[0]!.steps).toHaveLength(2));
    status = 200;
    scene.time += 600;
    await until(async () => expect(await show('c2@example.org')).toMatchObject([{ state: 'delivered' }]));
    const [way] = await show('c2@example.org');
    expect(way!.steps.map(({ what, status: answer }) => [what, answer])).toEqual([
      ['accepted', undefined],
      ['attempt', 500],
      ['attempt', 200],
      ['ended', 200],
    ]);
    expect(way!.steps[1]!.contact).toContain('sip:bob@');
    expect(way!.ended).toBe(scene.time);
    expect(way!.message).toBeUndefined();
  });

  test('one Call-ID to two recipients is two messages', async () => {
    const { phone } = await start();
    const alice = await phone('alice');
    for (const to of ['bob', 'carol']) await alice.message(to, 'hi', { callId: 'c3@example.org' });
    expect((await show('c3@example.org')).map(({ aor }) => aor).sort()).toEqual([bob, 'carol@example.org']);
  });

  test('what the ledger keeps is found by Call-ID by a process that has not seen it', async () => {
    const { phone, node } = await start();
    const alice = await phone('alice');
    await alice.message('bob', 'hi', { callId: 'c4@example.org' });
    const device = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 603 : 200) });
    await device.register({ expires: 600 });
    await until(async () => expect(await node.store.ledger()).toMatchObject({ dead: 1 }));
    const { createMessageOperations } = await import('../../../lib/silo/manage/messages.ts');
    const [way] = await createMessageOperations({ store: node.store }).show('c4@example.org');
    expect(way).toMatchObject({ state: 'dead', status: 603, aor: bob });
    expect(way!.message).toMatchObject({ from: 'sip:alice@example.org', lastStatus: 603 });
    expect(way!.steps.map(({ what }) => what)).toEqual(['accepted', 'ended']);
    // By its id, too, since a dead letter has one.
    expect(await createMessageOperations({ store: node.store }).show(way!.id!)).toHaveLength(1);
  });

  test('devices are listed with their back-off, registered or not, and bindings as they are', async () => {
    const { phone, node, leave } = await start({ silo: { deliverTo: 'every' } });
    await leave('bob', 'hi');
    const device = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 500 : 200) });
    await device.register({ expires: 600, params: ';+sip.instance="<urn:uuid:1>"' });
    const devices = () => node.silo.devices.list('sip:bob@example.org');
    await until(async () =>
      expect(await devices()).toMatchObject([{ device: 'urn:uuid:1', registered: true, lastStatus: 500 }]),
    );
    expect(await node.silo.bindings.list(bob)).toMatchObject([{ aor: bob, instance: 'urn:uuid:1' }]);
    expect((await node.silo.boxes.show(bob)).stuck).toMatchObject({ reason: 'back-off', status: 500 });
    await device.unregister();
    expect(await devices()).toMatchObject([{ device: 'urn:uuid:1', registered: false }]);
    expect(await node.silo.bindings.list(bob)).toEqual([]);
    await expect(node.silo.devices.list('')).rejects.toMatchObject({ code: 'SILO_REFUSED', status: 400 });
  });

  test('nodes are listed with the boxes that they serve just now', async () => {
    const { phone, node, leave } = await start();
    await leave('bob', 'hi');
    let answer: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const device = await phone('bob', {
      react: async ({ method }) => {
        if (method === 'MESSAGE') await asked;
        return 200;
      },
    });
    await device.register({ expires: 600 });
    await until(async () =>
      expect(await node.silo.nodes.list()).toMatchObject([
        { node: 'node', state: 'alive', leases: [{ aor: bob }] },
      ]),
    );
    answer!();
    await until(async () => expect(await node.silo.nodes.list()).toMatchObject([{ leases: [] }]));
  });
});
