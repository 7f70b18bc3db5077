/** Reading a table while it is written to; stopping; failing; what is said meanwhile. */
import { describe, expect, test } from 'vitest';
import { SiloError } from '../../lib/base/errors.ts';
import { keepIn, type Keep } from '../../lib/import/keep.ts';
import { createProgress } from '../../lib/import/progress.ts';
import { runImport, type ImportDependencies } from '../../lib/import/run.ts';
import { startCounting } from '../../lib/import/tally.ts';
import { SILO_DEFAULTS } from '../../lib/silo/state/options.ts';
import type { SourceRow, SourceText } from '../../lib/stores/source/silo-source.ts';
import type { NewMessage } from '../../lib/stores/contract/message.ts';

const NOW = 1_700_000_000;
const SETTINGS = { ...SILO_DEFAULTS, batch: 3, examples: 3 };

const text = (value: string): SourceText => ({ text: value, full: false });
const aRow = (id: number): SourceRow => ({
  id,
  srcAddr: text('sip:alice@example.org'),
  dstAddr: text('sip:bob@example.org'),
  username: text('bob'),
  domain: text('example.org'),
  contentType: text('text/plain'),
  extraHeaders: text(''),
  callId: text(''),
  incTime: NOW - 1,
  expTime: NOW + 1000,
  sendTime: 0,
  body: Buffer.from(String(id)),
});

/** A table into which others insert: `onPage` is called after each look, with the number of the look. */
function tableOf(
  ids: number[],
  onPage: (look: number) => void = () => undefined,
): ImportDependencies['source'] {
  const sorted = () => [...ids].sort((a, b) => a - b);
  let looks = 0;
  return {
    lastId: () => Promise.resolve(Math.max(0, ...ids)),
    page: (after, limit) => {
      const rows = sorted()
        .filter((id) => id > after)
        .slice(0, limit)
        .map(aRow);
      onPage(++looks);
      return Promise.resolve(rows);
    },
    ids: (after, limit) =>
      Promise.resolve(
        sorted()
          .filter((id) => id > after)
          .slice(0, limit),
      ),
    those: (some) =>
      Promise.resolve(
        sorted()
          .filter((id) => some.includes(id))
          .map(aRow),
      ),
  };
}

interface Kept {
  readonly keep: Keep;
  readonly bodies: string[];
}

function memory(): Kept {
  const keys = new Set<string>();
  const bodies: string[] = [];
  return {
    bodies,
    keep: (messages) =>
      Promise.resolve(
        messages.map(({ key, body }) => {
          if (keys.has(key)) return 'known';
          keys.add(key);
          bodies.push(body.toString());
          return 'stored';
        }),
      ),
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const texts = (ids: readonly number[]) => ids.map(String);
const now = () => NOW;

describe('a table that is written to meanwhile', () => {
  test('gives rows in the order of their ids, those that came meanwhile last', async () => {
    const ids = range(1, 7);
    const { keep, bodies } = memory();
    const source = tableOf(ids, (look) => look <= 3 && ids.push(100 + look));
    const { tally, complete } = await runImport({ source, keep, now }, SETTINGS);
    expect(bodies).toEqual(texts([...range(1, 7), 101, 102, 103]));
    expect([tally.imported, complete]).toEqual([10, true]);
  });

  test('a row that became visible after one with a higher id is found by the last look', async () => {
    const ids = [1, 2, 3, 5, 6, 7];
    const { keep, bodies } = memory();
    const source = tableOf(ids, (look) => look === 3 && ids.push(4));
    const { tally } = await runImport({ source, keep, now }, SETTINGS);
    expect(bodies).toEqual(texts([1, 2, 3, 5, 6, 7, 4]));
    expect(tally.rows).toBe(7);
  });

  test('a row that is taken away is no matter', async () => {
    const ids = range(1, 9);
    const { keep, bodies } = memory();
    const source = tableOf(ids, (look) => look === 1 && ids.splice(4, 2));
    expect((await runImport({ source, keep, now }, SETTINGS)).complete).toBe(true);
    expect(bodies).toEqual(texts([1, 2, 3, 4, 7, 8, 9]));
  });
});

describe('an import that does not come to its end', () => {
  test('stops after a batch when it is asked to, and the next run goes on', async () => {
    const { keep, bodies } = memory();
    const source = tableOf(range(1, 8));
    let batches = 0;
    const stopped = await runImport({ source, keep, now, stopped: () => ++batches === 2 }, SETTINGS);
    expect([stopped.complete, stopped.tally.imported]).toEqual([false, 6]);
    const next = await runImport({ source, keep, now }, SETTINGS);
    expect([next.complete, next.tally.imported, next.tally.skips.get('known')?.count]).toEqual([true, 2, 6]);
    expect(bodies).toEqual(texts(range(1, 8)));
  });

  test('fails when the store fails, and leaves no gap that would change the order', async () => {
    const { keep, bodies } = memory();
    const source = tableOf(range(1, 8));
    let batches = 0;
    const failing: Keep = (messages) =>
      ++batches === 2 ? Promise.reject(new Error('the store is away')) : keep(messages);
    await expect(runImport({ source, keep: failing, now }, SETTINGS)).rejects.toThrow('the store is away');
    expect(bodies).toEqual(texts([1, 2, 3]));
    await runImport({ source, keep, now }, SETTINGS);
    expect(bodies).toEqual(texts(range(1, 8)));
  });
});

describe('storing a batch', () => {
  const message = (key: string, bytes = 1): NewMessage =>
    ({ key, body: Buffer.alloc(bytes) }) as unknown as NewMessage;

  test('goes by lots that a database takes as one packet', async () => {
    const lots: number[] = [];
    const acceptAll = (messages: readonly NewMessage[]) => {
      lots.push(messages.length);
      return Promise.resolve(messages.map(() => true));
    };
    const keep = keepIn({ acceptAll });
    expect(await keep(range(1, 2_500).map((id) => message(String(id))))).toHaveLength(2_500);
    expect(lots.splice(0)).toEqual([1_000, 1_000, 500]);
    await keep(range(1, 5).map((id) => message(String(id), 400_000)));
    expect(lots).toEqual([2, 2, 1]);
  });

  test('a value that the database refuses harms its own row only', async () => {
    const order: string[] = [];
    const acceptAll = (messages: readonly NewMessage[]) => {
      if (messages.some(({ key }) => key === '3'))
        return Promise.reject(new SiloError('SILO_REFUSED', 'a bad value', { status: 400 }));
      order.push(...messages.map(({ key }) => key));
      return Promise.resolve(messages.map(() => true));
    };
    const kept = await keepIn({ acceptAll })(range(1, 7).map((id) => message(String(id))));
    expect(kept).toEqual([
      'stored',
      'stored',
      { refused: 'a bad value' },
      'stored',
      'stored',
      'stored',
      'stored',
    ]);
    expect(order).toEqual(texts([1, 2, 4, 5, 6, 7]));
  });
});

describe('progress', () => {
  /** What is written when 1,000 rows come in steps of 100, each of which takes a second. */
  function written(output: { isTTY?: boolean; columns?: number }): string[] {
    const counting = startCounting(0);
    const lines: string[] = [];
    let clock = 0;
    const progress = createProgress({ ...output, write: (line) => lines.push(line) }, 1_000, () => clock);
    for (let id = 1; id <= 1_000; id++) {
      counting.imported({ id, scheduled: false, parameters: false, repairs: [] });
      if (id % 100 !== 0) continue;
      clock += 1_000;
      progress.show(counting.tally);
    }
    progress.end(counting.tally);
    return lines;
  }

  test('is a line every few seconds where it is no terminal', () => {
    expect(written({})).toEqual([
      '300 of 1,000 rows (30 %), 100 a second, 7 s left: 300 imported, 0 skipped, 0 refused\n',
      '600 of 1,000 rows (60 %), 100 a second, 4 s left: 600 imported, 0 skipped, 0 refused\n',
      '900 of 1,000 rows (90 %), 100 a second, 1 s left: 900 imported, 0 skipped, 0 refused\n',
      '1,000 of 1,000 rows (100 %), 100 a second: 1,000 imported, 0 skipped, 0 refused\n',
    ]);
  });

  test('is one line that is rewritten on a terminal, and fits into it', () => {
    const lines = written({ isTTY: true, columns: 40 });
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe('\n');
    for (const line of lines.slice(0, -1))
      expect(line.startsWith('\r') && line.endsWith('\u001b[K') && line.length <= 43).toBe(true);
  });
});
