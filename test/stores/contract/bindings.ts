/** What every store does with the bindings of the registrar. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Binding } from '../../../lib/sip/read/binding.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { aBinding, aRegister, type StoreUnderTest } from './messages.ts';

export function bindingConformance(create: () => Promise<StoreUnderTest>): void {
  const now = 1000;
  let under: StoreUnderTest;
  let store: Store;
  let boxes = 0;
  let box = '';
  beforeAll(async () => {
    under = await create();
    store = await under.open(() => now);
  });
  afterAll(async () => {
    await store.close();
    await under.remove();
  });
  beforeEach(() => {
    box = `bob${boxes++}@example.org`;
  });

  describe('bindings', () => {
    /** Without an instance, so that one does not replace the other. */
    const plain = (n: number, over: Partial<Binding> = {}) =>
      aBinding(box, `sip:${n}@192.0.2.${n}`, { instance: undefined, regId: undefined, path: [], ...over });

    test('a binding comes back as it was put, and is gone when it expires', async () => {
      const binding = aBinding(box, 'sip:bob@192.0.2.1:5071;ob');
      expect(await store.register(aRegister(box, [binding]))).toEqual({ bindings: [binding] });
      expect(await store.bindings(box, 4999)).toEqual([binding]);
      expect(await store.bindings(box, 5000)).toEqual([]);
      expect(await store.registeredAmong([box, 'nobody@example.org'], 4999)).toEqual([box]);
      expect(await store.registeredAmong([box], 5000)).toEqual([]);
    });

    test('put replaces, drop removes, and a refusal changes nothing', async () => {
      const [one, two] = [plain(1), plain(2)];
      await store.register(aRegister(box, [one, two]));
      const changed = { ...two, cseq: 2 };
      const second = aRegister(box, [changed, { ...one, cseq: 2, expires: now }], { cseq: 2 });
      expect(await store.register(second)).toEqual({ bindings: [changed] });
      expect(await store.register(second)).toEqual({ refused: 'older' });
      const third = aRegister(box, [plain(3)], { cseq: 3, maxContacts: 1 });
      expect(await store.register(third)).toEqual({ refused: 'too many' });
      expect(await store.bindings(box, now)).toEqual([changed]);
    });

    test('a new flow of the same instance takes the place of the old one; * removes all', async () => {
      const [old, fresh] = ['sip:old@192.0.2.1', 'sip:new@192.0.2.2'].map((uri) => aBinding(box, uri));
      await store.register(aRegister(box, [old!]));
      expect(await store.register(aRegister(box, [fresh!], { cseq: 2 }))).toEqual({ bindings: [fresh] });
      expect(await store.register(aRegister(box, '*'))).toEqual({ refused: 'older' });
      expect(await store.register(aRegister(box, '*', { cseq: 2 }))).toEqual({ bindings: [] });
    });

    test('two flows of one instance with one contact are two bindings, and each goes by itself', async () => {
      const [one, two] = [1, 2].map((regId) => aBinding(box, 'sip:bob@192.0.2.1', { regId }));
      await store.register(aRegister(box, [one!]));
      const both = await store.register(aRegister(box, [two!]));
      expect('bindings' in both && both.bindings.map(({ regId }) => regId).sort()).toEqual([1, 2]);
      const end = { ...one!, cseq: 2, expires: now };
      expect(await store.register(aRegister(box, [end], { cseq: 2 }))).toEqual({ bindings: [two] });
      expect(await store.bindings(box, now)).toEqual([two]);
    });

    test('REGISTERs that arrive together see each other in order', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.register(aRegister(box, [plain(i, { cseq: i })], { maxContacts: 10 })),
        ),
      );
      expect(
        results.map((result) => ('bindings' in result ? result.bindings.length : result.refused)),
      ).toEqual(results.map((_, i) => (i < 10 ? i + 1 : 'too many')));
      const cseqs = (await store.bindings(box, now)).map((binding) => binding.cseq);
      expect(cseqs.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    test('expired bindings are swept', async () => {
      await store.register(aRegister(box, [aBinding(box, 'sip:x@192.0.2.1', { expires: 1100 })]));
      expect(await store.expireBindings(1100, 100)).toBeGreaterThanOrEqual(1);
      expect(await store.bindings(box, 0)).toEqual([]);
    });
  });
}
