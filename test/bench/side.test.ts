import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COLUMNS } from '../../bench/side/columns/all.ts';
import type { Cell } from '../../bench/side/report/cells.ts';
import type { Sample } from '../../bench/side/measure.ts';
import { WORKLOADS } from '../../bench/side/workloads/all.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { sippMissing } from '../support/sipp.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

interface Results {
  readonly cells: readonly Cell[];
  readonly samples: readonly Sample[];
  readonly failures: readonly unknown[];
}

const ON_MARIADB = [
  'embedded-mariadb',
  ...(process.env['DRACHTIO_BIN'] === undefined ? [] : ['drachtio-mariadb']),
];
const OURS = [...ON_MARIADB, 'embedded-sqlite'];

describe('npm run bench, with tiny counts', needing(sippMissing() ?? mariadbMissing()), () => {
  let folder: TemporaryFolder;
  let bench: RunningProcess;
  let results: Results;
  const file = (name: string) => readFileSync(join(folder.path, name), 'utf8');

  beforeAll(async () => {
    folder = temporaryFolder('silo-bench-results');
    const sizes = ['--rounds=1', '--count=40', '--seconds=1'];
    const columns = `--columns=${[...OURS, 'ceiling-embedded'].join(',')}`;
    bench = await startProcess(process.execPath, [
      ...['dist/bench/run.js', ...sizes, columns, `--results=${folder.path}`],
    ]);
    await bench.exited;
    results = JSON.parse(file('latest.json')) as Results;
  }, 900_000);
  afterAll(() => folder.remove());

  test('measures every workload on every column', () => {
    expect(results.failures).toEqual([]);
    for (const { id, stores, ours } of WORKLOADS)
      for (const column of COLUMNS.filter((one) => [...OURS, 'ceiling-embedded'].includes(one.id))) {
        const cell = results.cells.find((one) => one.workload === id && one.column === column.id);
        if ((stores === true || ours === true) && column.id.startsWith('ceiling')) {
          expect(cell).toBeUndefined();
          continue;
        }
        const what = `${id} on ${column.id}`;
        expect(cell?.median, what).toBeGreaterThan(0);
        expect(cell?.cpuMs, what).toMatchObject({
          app: expect.any(Number) as number,
          load: expect.any(Number) as number,
        });
        expect(cell?.memoryMb.app, what).toBeGreaterThan(10);
        for (const value of Object.values(cell?.facts ?? {})) expect(value, what).toEqual(expect.any(Number));
      }
  });

  test('counts what MariaDB has done where it has done it', () => {
    const worked = results.cells.filter(({ database }) => database !== null);
    expect(new Set(worked.map(({ column }) => column))).toEqual(new Set(ON_MARIADB));
    for (const { workload, column, database, cpuMs } of worked) {
      // Of a start that is over nothing is counted.
      if (workload !== 'start') expect(database?.bytes, `${workload} on ${column}`).toBeGreaterThan(0);
      expect(cpuMs, `${workload} on ${column}`).toHaveProperty('database');
    }
  });

  test('finds as many rows as messages were accepted', () => {
    const accepting = results.samples.filter(
      ({ workload, column }) => workload === 'accept' && OURS.includes(column),
    );
    expect(accepting).toHaveLength(OURS.length);
    for (const { facts, column } of accepting)
      expect(facts, column).toMatchObject({ accepted: 40, rows: 40, lost: 0, doubled: 0, surplus: 0 });
  });

  test('sees what waits arrive once, all of it and in order', () => {
    const dumps = results.samples.filter(({ workload }) => workload.startsWith('dump'));
    expect(dumps).toHaveLength(2 * OURS.length);
    for (const { facts, column } of dumps)
      expect(facts, column).toMatchObject({ missing: 0, doubled: 0, disordered: 0, failed: 0 });
  });

  test('sees every lamp told', () => {
    const lamps = results.samples.filter(({ workload }) =>
      ['storm', 'renew', 'publish', 'lamp-latency'].includes(workload),
    );
    expect(lamps).toHaveLength(4 * (OURS.length + 1));
    for (const { facts, column } of lamps) expect(facts, column).toMatchObject({ missing: 0, failed: 0 });
  });

  test('says where it is, judges the targets, and draws a panel for each workload', () => {
    expect(bench.stderr).toMatch(/^\[1\/\d+\] round 1\/1, accept, 200 open: .*: [\d.,]+ messages\/s$/m);
    expect(bench.stdout).toContain('| dump: disordered, embedded-sqlite | at most 0 | 0.00 |  | met |');
    for (const { title } of WORKLOADS) expect(file('latest.svg')).toContain(`>${title},`);
  });
});

test(
  '--waiting measures each column of ours once more on a store in which so much waits, the same at each step',
  { timeout: 900_000, ...needing(sippMissing() ?? mariadbMissing()) },
  async () => {
    const folder = temporaryFolder('silo-bench-results');
    const wanted = [
      '--only=accept,dump,start',
      '--columns=embedded-mariadb,embedded-sqlite,ceiling-embedded',
    ];
    const sizes = ['--rounds=2', '--count=40', '--seconds=1', '--waiting=500'];
    const bench = await startProcess(process.execPath, [
      ...['dist/bench/run.js', ...wanted, ...sizes, `--results=${folder.path}`],
    ]);
    expect((await bench.exited).code, bench.stderr).toBe(0);
    const { samples } = JSON.parse(readFileSync(join(folder.path, 'latest.json'), 'utf8')) as Results;
    for (const column of [
      'embedded-mariadb',
      'embedded-sqlite',
      'embedded-mariadb-full',
      'embedded-sqlite-full',
    ]) {
      const of = (workload: string) =>
        samples.filter((one) => one.workload === workload && one.column === column).map(({ facts }) => facts);
      const accepted = { accepted: 40, rows: 40, lost: 0, doubled: 0, surplus: 0 };
      expect(of('accept'), column).toMatchObject([accepted, accepted]);
      const came = { missing: 0, doubled: 0, disordered: 0, failed: 0 };
      expect(of('dump'), column).toMatchObject([came, came]);
      expect(of('start'), column).toHaveLength(2);
    }
    expect(bench.stdout).toContain('2 rounds of 40 messages; "full": 500 wait already.');
    for (const target of [
      'accept: embedded-sqlite-full against embedded-sqlite',
      'start: ms, embedded-mariadb-full',
    ])
      expect(bench.stdout).toMatch(new RegExp(`^\\| ${target} \\| at (least|most) `, 'm'));
    folder.remove();
  },
);

test(
  '--profile leaves a CPU profile and says what took the time',
  { timeout: 120_000, ...needing(sippMissing()) },
  async () => {
    const folder = temporaryFolder('silo-bench-results');
    const wanted = ['--only=refresh', '--columns=ceiling-embedded', '--rounds=1', '--count=2000'];
    const bench = await startProcess(process.execPath, [
      ...['dist/bench/run.js', ...wanted, '--profile', `--results=${folder.path}`],
    ]);
    expect((await bench.exited).code, bench.stderr).toBe(0);
    const [left] = readdirSync(join(folder.path, 'profiles/refresh/ceiling-embedded'));
    expect(left).toMatch(/\.cpuprofile$/);
    expect(bench.stdout).toMatch(/^refresh, ceiling-embedded \(.*\):$/m);
    expect(bench.stdout).toMatch(/^ +[\d.]+ % {2}drachtio-srf$/m);
    folder.remove();
  },
);

test('a workload or a column that is none is named, with those that there are', async () => {
  const bench = await startProcess(process.execPath, ['dist/bench/run.js', '--only=accept,lunch']);
  expect((await bench.exited).code).not.toBe(0);
  expect(bench.stderr).toContain('--only names lunch; there are accept, alone,');
});
