/** What a process begins with: it serves while it reads which boxes have mail. */
import Srf from 'drachtio-srf';
import { expect, test } from 'vitest';
import { createFirstScan } from '../../../lib/silo/deliver/sweep/first-scan.ts';
import { createSilo } from '../../../lib/silo/silo.ts';
import { createBoxes } from '../../../lib/silo/state/boxes.ts';
import { openStore } from '../../../lib/stores/open.ts';
import { until } from '../../support/until.ts';

/** Boxes in pages of two, each of which is given out when it is let. */
function shelf(names: readonly string[]) {
  const boxes = createBoxes();
  const asked: string[] = [];
  const gates: (() => void)[] = [];
  let failures = 0;
  const scan = createFirstScan({
    size: 2,
    patience: 5,
    done: () => boxes.complete(),
    page: async (after) => {
      asked.push(after);
      if (asked.length > 1) await new Promise<void>((resolve) => gates.push(resolve));
      if (failures-- > 0) throw new Error('the database is away');
      const page = names.filter((name) => name > after).slice(0, 2);
      for (const name of page) boxes.add(name);
      return page;
    },
  });
  return { scan, boxes, asked, gates, fail: (times: number) => (failures = times) };
}

test('a process serves when the first page of boxes was read, and each box has mail until the last was', async () => {
  const { scan, boxes, asked, gates } = shelf(['a', 'b', 'c', 'd', 'e']);
  await scan.start();
  expect(boxes.size).toBe(2);
  expect(boxes.mayHaveMail('nobody')).toBe(true);
  await until(() => gates.length === 1);
  gates.shift()?.();
  await until(() => gates.length === 1);
  expect(boxes.mayHaveMail('nobody')).toBe(true);
  gates.shift()?.();
  await until(() => !boxes.mayHaveMail('nobody'));
  expect(boxes.mayHaveMail('e')).toBe(true);
  expect(asked).toEqual(['', 'b', 'd']);
});

test('few boxes are all known when the process serves', async () => {
  const { scan, boxes } = shelf(['a']);
  await scan.start();
  expect([boxes.mayHaveMail('a'), boxes.mayHaveMail('b')]).toEqual([true, false]);
});

test('a page that can not be read is read again, and none is left out', async () => {
  const { scan, boxes, gates, asked, fail } = shelf(['a', 'b', 'c']);
  await scan.start();
  await until(() => gates.length === 1);
  fail(2);
  for (let turn = 0; turn < 3; turn++) {
    await until(() => gates.length === 1);
    gates.shift()?.();
  }
  await until(() => !boxes.mayHaveMail('nobody'));
  expect(boxes.mayHaveMail('c')).toBe(true);
  expect(asked).toEqual(['', 'b', 'b', 'b']);
});

test('a stop waits for the page that is being read, and for no other', async () => {
  const { scan, boxes, gates, asked } = shelf(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  await scan.start();
  await until(() => gates.length === 1);
  const closed = scan.close();
  gates.shift()?.();
  await closed;
  expect(asked).toEqual(['', 'b']);
  expect(boxes.mayHaveMail('nobody')).toBe(true);
});

test('the first page says what went wrong, since the process can not serve', async () => {
  const { scan, fail } = shelf(['a']);
  fail(1);
  await expect(scan.start()).rejects.toThrow('the database is away');
});

test('a host that lists its own devices is asked for nobody where nothing waits', async () => {
  const asked: (readonly string[])[] = [];
  const store = await openStore('sqlite::memory:', {});
  const silo = createSilo({
    srf: new Srf(),
    store,
    bindings: {
      find: () => Promise.resolve([]),
      among: (aors) => {
        asked.push(aors);
        return Promise.resolve([]);
      },
    },
  });
  await silo.start();
  await silo.close();
  await store.close();
  expect(asked).toEqual([]);
});
