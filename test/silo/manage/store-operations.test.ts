/** Operations of a process that serves no SIP, beside a node. */
import { afterEach, expect, test } from 'vitest';
import { createStoreOperations } from '../../../lib/silo/store-operations.ts';
import { openStore } from '../../../lib/stores/open.ts';
import { aMessage } from '../../stores/contract/messages.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { onEachStore } from '../../support/each-store.ts';
import { until } from '../../support/until.ts';

onEachStore((emptyStore) => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (let close = closing.pop(); close; close = closing.pop()) await close();
  });

  test('a store that no node has counted is counted at the first list', async () => {
    const store = await openStore(await emptyStore(), { now: () => 1000 });
    closing.push(() => store.close());
    await store.acceptAll(['a', 'b', 'b'].map((user) => aMessage(`${user}@example.org`)));
    const seen: number[] = [];
    const operations = createStoreOperations(store, {
      now: () => 1000,
      onCounted: (boxes) => seen.push(boxes),
    });
    expect(await operations.boxes.count()).toEqual({ boxes: 2, messages: 3, counted: 1000 });
    expect(seen.at(-1)).toBe(2);
    expect((await operations.boxes.list()).boxes.map(({ waiting }) => waiting)).toEqual([2, 1]);
    await operations.boxes.remove('a@example.org');
    expect((await operations.boxes.list()).boxes).toHaveLength(1);
    await operations.close();
  });

  test('what it requeues or moves is sent by the node that has the device', async () => {
    const scene: Scene = await aScene({ storeUrl: await emptyStore(), silo: { tailTime: 0.05 } });
    closing.push(() => scene.close());
    const { phone, leave, node } = scene;
    await leave('bob', 'one', 'two');
    let status = 500;
    const bob = await phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
    await bob.register({ expires: 600 });
    const operations = createStoreOperations(node.store, { now: () => scene.time });
    await until(async () =>
      expect((await operations.boxes.list()).boxes).toMatchObject([{ stuck: { reason: 'back-off' } }]),
    );
    status = 200;
    expect(await operations.boxes.requeue('bob@example.org')).toBe(2);
    await until(async () => expect(await node.store.ledger()).toMatchObject({ delivered: 2 }));
    await leave('carol', 'three');
    expect(await operations.boxes.move('carol@example.org', 'bob@example.org')).toBe(1);
    await until(() => expect(bob.texts.at(-1)).toBe('three'));
    await operations.close();
  });
});
