/** What the targets say about a run. */
import { BOUNDS, RATIOS } from '../targets.ts';
import type { Cell } from './cells.ts';

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  readonly found: number;
  readonly met: boolean;
}

/** One for each target whose columns were measured. */
export function verdictsOf(cells: readonly Cell[]): readonly Verdict[] {
  const cell = (workload: string, column: string) =>
    cells.find((one) => one.workload === workload && one.column === column);
  const ratios = RATIOS.flatMap(({ workload, column, against, atLeast }) => {
    const [ours, theirs] = [cell(workload, column), cell(workload, against)];
    if (!ours || !theirs) return [];
    const found = ours.median / theirs.median;
    const target = `${workload}: ${column} against ${against}`;
    return [{ target, wanted: `at least ${atLeast}`, found, met: found >= atLeast }];
  });
  const bounds = BOUNDS.flatMap(({ workload, column, fact, atMost }) => {
    const ours = cell(workload, column);
    const found = fact === 'statements' ? ours?.database?.statements : ours?.worst[fact];
    if (found === undefined) return [];
    const target = `${workload}: ${fact}, ${column}`;
    return [{ target, wanted: `at most ${atMost}`, found, met: found <= atMost }];
  });
  return [...ratios, ...bounds];
}
