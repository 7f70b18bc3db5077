/** Of all rounds: one cell for each workload and column. */
import { quantile } from '../workloads/figures.ts';
import type { Sample } from '../measure.ts';
import type { Role } from '../model.ts';

export interface Cell {
  readonly workload: string;
  readonly column: string;
  readonly rounds: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Medians. */
  readonly facts: Readonly<Record<string, number>>;
  /** The worst of all rounds. */
  readonly worst: Readonly<Record<string, number>>;
  /** Milliseconds of a processor for each request, and MB: medians. */
  readonly cpuMs: Partial<Record<Role, number>>;
  readonly memoryMb: Partial<Record<Role, number>>;
  /** For each request: medians; null where there is no MariaDB. */
  readonly database: Readonly<Record<'statements' | 'commits' | 'bytes', number>> | null;
}

export function cellsOf(samples: readonly Sample[]): readonly Cell[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.workload} ${sample.column}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map(cellOf);
}

function cellOf(samples: readonly Sample[]): Cell {
  const figures = samples.map(({ figure }) => figure);
  const [{ workload, column } = { workload: '', column: '' }] = samples;
  const works = samples.flatMap(({ cost: { database }, count }) => (database ? [{ database, count }] : []));
  const perRequest = (name: 'statements' | 'commits' | 'bytes') =>
    median(works.map(({ database, count }) => database[name] / count));
  return {
    workload,
    column,
    rounds: samples.length,
    median: median(figures),
    low: Math.min(...figures),
    high: Math.max(...figures),
    facts: each(
      samples.map(({ facts }) => facts),
      median,
    ),
    worst: each(
      samples.map(({ facts }) => facts),
      (values) => Math.max(...values),
    ),
    cpuMs: each(
      samples.map(({ cost, count }) => each([cost.cpu], ([seconds = 0]) => (1000 * seconds) / count)),
      median,
    ),
    memoryMb: each(
      samples.map(({ cost }) => cost.memory),
      median,
    ),
    database:
      works.length === 0
        ? null
        : {
            statements: perRequest('statements'),
            commits: perRequest('commits'),
            bytes: perRequest('bytes'),
          },
  };
}

function median(values: readonly number[]): number {
  return (
    (quantile(values, 0.5) +
      quantile(
        values.map((value) => -value),
        0.5,
      ) *
        -1) /
    2
  );
}

/** One record of all, name by name. */
function each(
  records: readonly Readonly<Record<string, number>>[],
  join: (values: readonly number[]) => number,
): Record<string, number> {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return Object.fromEntries(
    [...names].map((name) => [name, join(records.flatMap((record) => record[name] ?? []))]),
  );
}
