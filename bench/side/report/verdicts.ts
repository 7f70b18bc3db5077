/** What the targets say about a run. */
import { FULL } from '../model.ts';
import { ALONE, BOUNDS, CPU, FULL_RATIO, RATIOS, READY, STORM } from '../targets.ts';
import type { Cell } from './cells.ts';

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  readonly found: number;
  readonly met: boolean;
  /** What the bare application reaches, where the target is a ratio to somebody else: more is in no application behind this front end. */
  readonly bare?: number;
}

/**
 * One for each target whose columns were measured.
 *
 * @param commitMs of the database; undefined where there is none
 */
export function verdictsOf(cells: readonly Cell[], commitMs?: number): readonly Verdict[] {
  const cell: Find = (workload, column) =>
    cells.find((one) => one.workload === workload && one.column === column);
  const ratios = RATIOS.flatMap(({ workload, column, against, atLeast }) => {
    const [ours, theirs] = [cell(workload, column), cell(workload, against)];
    if (!ours || !theirs) return [];
    const found = ours.median / theirs.median;
    const target = `${workload}: ${column} against ${against}`;
    const ceiling = against.startsWith('ceiling') ? undefined : cell(workload, ceilingOf(column));
    const bare = ceiling && { bare: ceiling.median / theirs.median };
    return [{ target, wanted: `at least ${atLeast}`, found, met: found >= atLeast, ...bare }];
  });
  const bounds = BOUNDS.flatMap(({ workload, column, fact, atMost }) => {
    const ours = cell(workload, column);
    const found = fact === 'statements' ? ours?.database?.statements : ours?.worst[fact];
    if (found === undefined) return [];
    const target = `${workload}: ${fact}, ${column}`;
    return [{ target, wanted: `at most ${atMost}`, found, met: found <= atMost }];
  });
  return [
    ...ratios,
    ...bounds,
    ...stormOf(cell),
    ...cpuOf(cell),
    ...aloneOf(cell, commitMs),
    ...fullOf(cells),
    ...readyOf(cells),
  ];
}

/** The bare application on the same front end. */
function ceilingOf(column: string): string {
  return column.startsWith('embedded') ? 'ceiling-embedded' : 'ceiling-drachtio';
}

function fullOf(cells: readonly Cell[]): readonly Verdict[] {
  const { workloads, atLeast } = FULL_RATIO;
  return cells.flatMap((full) => {
    const empty = cells.find((one) => one.workload === full.workload && one.column + FULL === full.column);
    if (!empty || !workloads.includes(full.workload)) return [];
    const found = full.median / empty.median;
    const target = `${full.workload}: ${full.column} against ${empty.column}`;
    return [{ target, wanted: `at least ${atLeast}`, found, met: found >= atLeast }];
  });
}

function readyOf(cells: readonly Cell[]): readonly Verdict[] {
  const { workload, atMost } = READY;
  return cells
    .filter((one) => one.workload === workload)
    .map(({ column, high }) => ({
      target: `${workload}: ms, ${column}`,
      wanted: `at most ${atMost}`,
      found: high,
      met: high <= atMost,
    }));
}

type Find = (workload: string, column: string) => Cell | undefined;

function stormOf(cell: Find): readonly Verdict[] {
  const { workload, column, atLeast } = STORM;
  const found = cell(workload, column)?.median;
  if (found === undefined) return [];
  return [
    {
      target: `${workload}: lamps/s, ${column}`,
      wanted: `at least ${atLeast}`,
      found,
      met: found >= atLeast,
    },
  ];
}

function cpuOf(cell: Find): readonly Verdict[] {
  const { workload, against, column, atMost } = CPU;
  const [lamp, message] = [cell(workload, column), cell(against, column)].map(
    (one) => one && (one.cpuMs.app ?? 0) + (one.cpuMs.server ?? 0),
  );
  if (lamp === undefined || message === undefined) return [];
  const found = lamp / message;
  const target = `${workload}: processor time against ${against}, ${column}`;
  return [{ target, wanted: `at most ${atMost}`, found, met: found <= atMost }];
}

function aloneOf(cell: Find, commitMs: number | undefined): readonly Verdict[] {
  const { workload, column, against, atMost } = ALONE;
  const [ours, bare] = [cell(workload, column), cell(workload, against)];
  if (!ours || !bare || commitMs === undefined) return [];
  const found = 1000 / ours.median - 1000 / bare.median - commitMs;
  const target = `${workload}: ms above ${against} and a commit of ${commitMs.toFixed(1)} ms, ${column}`;
  return [{ target, wanted: `at most ${atMost}`, found, met: found <= atMost }];
}
