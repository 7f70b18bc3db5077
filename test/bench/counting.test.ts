import { expect, test } from 'vitest';
import { cellsOf } from '../../bench/side/report/cells.ts';
import { verdictsOf } from '../../bench/side/report/verdicts.ts';
import type { Sample } from '../../bench/side/measure.ts';
import { disordered, noteOf } from '../../bench/side/workloads/figures.ts';
import { kept } from '../../bench/side/workloads/requests.ts';

const answered = (successful: number, refused = 0) => ({
  ...{ successful, refused, failed: 0, repeats: 0 },
  ...{ began: 0, answers: [], notes: [] },
});
const tableWith = (...texts: readonly string[]) => ({ texts: () => Promise.resolve(texts) });

test('a 202 without a row is lost, a second row is doubled, a row without a 202 is surplus', async () => {
  expect(await kept(tableWith('a 1', 'b 2'), 'x', answered(3))).toMatchObject({
    rows: 2,
    lost: 1,
    surplus: 0,
  });
  expect(await kept(tableWith('a 1', 'a 1'), 'x', answered(1))).toMatchObject({ doubled: 1, lost: 0 });
  expect(await kept(tableWith('a 1', 'b 2'), 'x', answered(1))).toMatchObject({ surplus: 1, lost: 0 });
  // What was refused with 503 was answered, too, and has no row to have.
  expect(await kept(tableWith('a 1'), 'x', answered(3, 2))).toMatchObject({
    accepted: 1,
    lost: 0,
    refused: 2,
  });
});

test('what comes after a later one of its own box is disordered', () => {
  const order = ['a 1', 'b 2', 'a 3', 'a 4'];
  const notes = (...whats: readonly string[]) => whats.map((what) => ({ at: 0, what }));
  expect(disordered(notes('b 2', 'a 1', 'a 3', 'a 4'), order)).toBe(0);
  expect(disordered(notes('a 3', 'a 1', 'b 2', 'a 4'), order)).toBe(1);
  expect(disordered(notes('a 4', 'a 3', 'a 1'), order)).toBe(2);
});

test('a note says when in milliseconds, and what', () => {
  expect(noteOf('2026-11-29\t00:24:37.318162\t1795911877.5 box0 3')).toEqual({
    at: 1_795_911_877_500,
    what: 'box0 3',
  });
});

const sample = (
  column: string,
  figure: number,
  facts: Sample['facts'] = {},
  workload = 'accept',
): Sample => ({
  ...{ workload, column, round: 1, figure, count: 100, facts },
  cost: {
    cpu: { app: 0.2 },
    memory: { app: 90 },
    database: { statements: 50, commits: 10, bytes: 1000 },
    seconds: 1,
  },
});

test('a cell has the median, the spread and the worst of its rounds, and costs for each request', () => {
  const cells = cellsOf([
    sample('kamailio', 100, { lost: 0 }),
    sample('kamailio', 300, { lost: 2 }),
    sample('kamailio', 200, { lost: 0 }),
  ]);
  expect(cells).toHaveLength(1);
  expect(cells[0]).toMatchObject({
    ...{ rounds: 3, median: 200, low: 100, high: 300, facts: { lost: 0 }, worst: { lost: 2 } },
    ...{ cpuMs: { app: 2 }, memoryMb: { app: 90 }, database: { statements: 0.5, commits: 0.1, bytes: 10 } },
  });
});

test('a target is met by its ratio in the run, and one lost message fails it', () => {
  const verdicts = verdictsOf(
    cellsOf([sample('kamailio', 1000), sample('embedded-sqlite', 1600, { lost: 1, doubled: 0 })]),
  );
  expect(verdicts).toEqual([
    { target: 'accept: embedded-sqlite against kamailio', wanted: 'at least 1.5', found: 1.6, met: true },
    { target: 'accept: lost, embedded-sqlite', wanted: 'at most 0', found: 1, met: false },
    { target: 'accept: doubled, embedded-sqlite', wanted: 'at most 0', found: 0, met: true },
  ]);
});

test('beside a ratio to somebody else stands what the bare application of the same front end reaches', () => {
  const [verdict] = verdictsOf(
    cellsOf([
      sample('kamailio', 1000),
      sample('drachtio-mariadb', 700),
      sample('ceiling-drachtio', 900),
      sample('ceiling-embedded', 5000),
    ]),
  );
  expect(verdict).toMatchObject({ found: 0.7, bare: 0.9, met: false });
});

test('one sender may wait for a commit and a millisecond longer than at the bare app', () => {
  const alone = (ours: number) =>
    verdictsOf(
      cellsOf([sample('drachtio-mariadb', ours, {}, 'alone'), sample('ceiling-drachtio', 1000, {}, 'alone')]),
      2,
    );
  // 1 ms at the bare app, 2 ms for the commit: 4 ms are 1 ms more, 5 ms are 2 ms more.
  expect(alone(250)).toMatchObject([{ found: 1, met: true }]);
  expect(alone(200)).toMatchObject([{ found: 2, met: false }]);
});
