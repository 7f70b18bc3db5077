/** The drawing of `once`: a message with a name is done once, whoever asks, and whatever dies. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SiloError } from '../../../lib/base/errors.ts';
import type { NodeState } from '../../../lib/node/node.ts';
import { once, type Done } from '../../../lib/silo/submit/once.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { openStore } from '../../../lib/stores/open.ts';

let store: Store;
let now: number;
/** What was done, in order. */
let did: string[];
beforeEach(async () => {
  [now, did] = [1000, []];
  store = await openStore('sqlite::memory:', { now: () => now });
});
afterEach(() => store.close());

const NAMES = { name: '1'.repeat(64), content: 'c'.repeat(64) };
const STORED: Done = { outcome: 'stored', id: 7, repeated: false };
const refusal = new SiloError('SILO_REFUSED', 'There is no room.', { status: 480 });
const outage = new SiloError('SILO_STORE_UNAVAILABLE', 'The store is away.', { status: 503 });

/** A process that asks; `others` are the nodes that it knows. */
const process = (owner: string, others: readonly Partial<NodeState>[] = []) => {
  const [name = '', run = ''] = owner.split('/');
  const node = { name, run, all: () => Promise.resolve(others as readonly NodeState[]) };
  return (outcome: Done | SiloError, names = NAMES): Promise<Done> => {
    const doing = (what: string) => async () => {
      did.push(`${what} by ${owner}`);
      if (outcome instanceof SiloError) throw outcome;
      return Promise.resolve(outcome);
    };
    return once({ store, node, now: () => now }, names, { first: doing('first'), again: doing('again') });
  };
};
const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error);

describe('a message with a name', () => {
  test('is done, and then answered from what is known of it', async () => {
    expect(await process('a/1')(STORED)).toEqual(STORED);
    for (const owner of ['a/1', 'a/2', 'b/1'])
      expect(await process(owner)(refusal)).toEqual({ ...STORED, repeated: true });
    expect(did).toEqual(['first by a/1']);
  });

  test('that was refused is free again', async () => {
    expect(await thrown(process('a/1')(refusal))).toBe(refusal);
    expect(await process('b/1')(STORED)).toEqual(STORED);
    expect(did).toEqual(['first by a/1', 'first by b/1']);
  });

  test('of which it is in doubt what was done is done by way of the box the next time', async () => {
    expect(await thrown(process('a/1')(outage))).toBe(outage);
    expect(await process('a/1')(STORED)).toEqual({ ...STORED, repeated: true });
    expect(await process('a/1')(refusal)).toEqual({ ...STORED, repeated: true });
    expect(did).toEqual(['first by a/1', 'again by a/1']);
  });

  test.each<[string, string, Partial<NodeState>[]]>([
    ['of an earlier run of this node', 'a/2', [{ node: 'a', run: '2', state: 'alive' }]],
    ['of a node that is dead', 'b/1', [{ node: 'a', run: '1', state: 'dead' }]],
    ['of a node that has stopped', 'b/1', [{ node: 'a', run: '1', state: 'stopped' }]],
    ['of a node that has begun anew', 'b/1', [{ node: 'a', run: '2', state: 'alive' }]],
    ['of a node that nobody knows any more', 'b/1', []],
  ])('is taken over from a process %s', async (_, owner, nodes) => {
    await thrown(process('a/1')(outage));
    expect(await process(owner, nodes)(STORED)).toEqual({ ...STORED, repeated: true });
    expect(did).toEqual(['first by a/1', `again by ${owner}`]);
  });

  test('is left to a process that lives and works on it, but not for ever', async () => {
    await thrown(process('a/1')(outage));
    const other = process('b/1', [{ node: 'a', run: '1', state: 'alive' }]);
    expect(await thrown(other(STORED))).toMatchObject({
      ...{ status: 503, retryAfter: 5 },
      message: 'A message with this idempotencyKey is under way at node a; ask again in 5 s.',
    });
    now += 61;
    expect(await other(STORED)).toEqual({ ...STORED, repeated: true });
  });

  test('and another content is refused, whatever became of the first', async () => {
    await process('a/1')(STORED);
    const error = await thrown(process('b/1')(STORED, { ...NAMES, content: 'd'.repeat(64) }));
    expect(error).toMatchObject({ code: 'SILO_CONFLICT', status: 400 });
    expect(did).toEqual(['first by a/1']);
  });
});
