/** The suite that every store passes of what programs have asked to be sent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../../lib/stores/contract/store.ts';
import type { Submitting } from '../../../lib/stores/contract/submissions.ts';
import type { StoreUnderTest } from './messages.ts';

const aSubmitting = (digit: string, over: Partial<Submitting> = {}): Submitting => ({
  name: digit.repeat(64),
  content: 'c'.repeat(64),
  owner: 'node/one',
  since: 1000,
  ...over,
});

export function submissionConformance(create: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  beforeAll(async () => {
    under = await create();
    store = await under.open(() => 1000);
  });
  afterAll(async () => {
    await store.close();
    await under.remove();
  });

  describe('what programs have asked to be sent', () => {
    test('a name is taken once, and who comes second learns what is known of it', async () => {
      const first = aSubmitting('1');
      expect(await store.beginSubmission(first)).toBeUndefined();
      expect(await store.beginSubmission(aSubmitting('1', { owner: 'other/two', since: 1009 }))).toEqual({
        ...first,
        end: undefined,
      });
      await store.endSubmission(first.name, { outcome: 'stored', id: 7 });
      const known = { ...first, end: { outcome: 'stored', id: 7 } };
      expect(await store.beginSubmission(first)).toEqual(known);
      await store.endSubmission(first.name, { outcome: 'delivered', id: 0 });
      expect(await store.beginSubmission(first), 'an end is the last word').toEqual(known);
    });

    test('of many that want one name at once, one gets it', async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.beginSubmission(aSubmitting('2', { owner: `n/${n}` }))),
      );
      expect(all.filter((known) => known === undefined)).toHaveLength(1);
    });

    test('one that its process has left is taken over once, and not at all when it has ended', async () => {
      const left = aSubmitting('3');
      await store.beginSubmission(left);
      const takers = ['two', 'three'].map((run) =>
        store.takeSubmission(left, { owner: `node/${run}`, since: 1009 }),
      );
      expect((await Promise.all(takers)).filter(Boolean)).toHaveLength(1);
      const ended = aSubmitting('4');
      await store.beginSubmission(ended);
      await store.endSubmission(ended.name, { outcome: 'delivered', id: 0 });
      expect(await store.takeSubmission(ended, { owner: 'node/two', since: 1009 })).toBe(false);
    });

    test('one of which nothing came is free again, but only for its owner to say, and not after its end', async () => {
      const [refused, ended] = [aSubmitting('5'), aSubmitting('6')];
      for (const one of [refused, ended]) await store.beginSubmission(one);
      await store.dropSubmission(refused.name, 'other/two');
      expect(await store.beginSubmission(refused)).toBeDefined();
      await store.dropSubmission(refused.name, refused.owner);
      expect(await store.beginSubmission(refused)).toBeUndefined();
      await store.endSubmission(ended.name, { outcome: 'stored', id: 1 });
      await store.dropSubmission(ended.name, ended.owner);
      expect(await store.beginSubmission(ended)).toBeDefined();
    });

    test('the old ones are forgotten, so many at a time', async () => {
      for (const digit of ['7', '8', '9']) await store.beginSubmission(aSubmitting(digit, { since: 10 }));
      expect(await store.forgetSubmissions(11, 2)).toBe(2);
      expect(await store.forgetSubmissions(11, 5)).toBe(1);
      expect(await store.beginSubmission(aSubmitting('7', { since: 1000 }))).toBeUndefined();
      expect(await store.beginSubmission(aSubmitting('1')), 'a younger one stays').toBeDefined();
    });
  });
}
