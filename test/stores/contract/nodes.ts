/** The suite that every store's nodes pass. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NodeBeat, NodeRow } from '../../../lib/stores/contract/nodes.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import type { StoreUnderTest } from './messages.ts';

let serial = 0;

function aBeat(over: Partial<NodeBeat> = {}): NodeBeat {
  return {
    node: `node-${++serial}`,
    run: 'run-1',
    process: 'host-1 4711',
    server: 'udp/192.0.2.1:5060,tcp/192.0.2.1:5060',
    version: '1.2.3',
    ...over,
  };
}

export function nodeConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  beforeAll(async () => {
    under = await create();
    store = await under.open(() => Math.floor(Date.now() / 1000));
  });
  afterAll(async () => {
    await store.close();
    await under.remove();
  });
  beforeEach(() => under.sql('delete from silo_node'));
  const only = async (): Promise<NodeRow> => {
    const rows = await store.nodes();
    expect(rows).toHaveLength(1);
    return rows[0]!;
  };

  test('a quarantine begins once, and ends once', async () => {
    expect(await store.quarantine()).toBe(0);
    await store.beginQuarantine(1000);
    await store.beginQuarantine(2000);
    expect(await store.quarantine()).toBe(1000);
    expect(await store.endQuarantine()).toBe(true);
    expect(await store.endQuarantine()).toBe(false);
    expect(await store.quarantine()).toBe(0);
  });

  describe('nodes', () => {
    test('a heartbeat makes a row, and returns what was there before it', async () => {
      const [one, two] = [aBeat(), aBeat()];
      expect(await store.beat(one)).toEqual([]);
      const row = await only();
      expect(row).toMatchObject({ ...one, stopped: 0 });
      expect(row.seen).toBe(row.started);
      expect(row.silent).toBeLessThanOrEqual(1);
      expect(await store.beat(two)).toMatchObject([one]);
      expect(await store.nodes()).toMatchObject([one, two]);
    });

    test('the next one of the same run moves `seen`, another run starts anew under the same name', async () => {
      const beat = aBeat();
      await store.beat(beat);
      await under.sql('update silo_node set started = started - 100, seen = seen - 50');
      expect(await store.nodes()).toMatchObject([
        { silent: expect.toSatisfy((s) => s === 50 || s === 51) as number },
      ]);
      const [before] = await store.beat({ ...beat, server: 'udp/192.0.2.2:5060' });
      const row = await only();
      expect(row).toMatchObject({ server: 'udp/192.0.2.2:5060', started: before!.started });
      expect(row.seen).toBeGreaterThanOrEqual(before!.seen + 50);
      await store.beat({ ...beat, run: 'run-2' });
      expect((await only()).started).toBeGreaterThanOrEqual(before!.started + 100);
    });

    test('an orderly stop is noted, unless another run has the name by then; the next heartbeat takes it back', async () => {
      const beat = aBeat();
      await store.beat(beat);
      await store.leaveNode(beat.node, 'run-0');
      expect((await only()).stopped).toBe(0);
      await store.leaveNode(beat.node, beat.run);
      expect((await only()).stopped).toBeGreaterThan(0);
      await store.beat(beat);
      expect((await only()).stopped).toBe(0);
    });

    test('those that were not seen for long are forgotten', async () => {
      const [old, young] = [aBeat(), aBeat()];
      await store.beat(old);
      await under.sql('update silo_node set seen = seen - 100');
      await store.beat(young);
      await store.forgetNodes(200);
      expect(await store.nodes()).toHaveLength(2);
      await store.forgetNodes(50);
      expect(await store.nodes()).toMatchObject([young]);
    });
  });
}
