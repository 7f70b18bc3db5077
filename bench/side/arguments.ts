/** The command line of the side-by-side measurement. */
import { COLUMNS } from './columns/all.ts';
import type { Column, Workload } from './model.ts';
import { WORKLOADS } from './workloads/all.ts';

export const SIDE_OPTIONS = {
  only: { type: 'string' },
  columns: { type: 'string' },
  rounds: { type: 'string' },
  count: { type: 'string' },
  'kamailio-children': { type: 'string' },
  workers: { type: 'string' },
  results: { type: 'string', default: 'bench/results' },
  profile: { type: 'boolean', default: false },
  waiting: { type: 'string' },
  keep: { type: 'boolean', default: false },
} as const;

export interface SideArguments {
  readonly workloads: readonly Workload[];
  readonly columns: readonly Column[];
  readonly rounds: number;
  readonly count: number;
  readonly seconds: number;
  readonly kamailioChildren: number;
  /** Processes of this application where it is on MariaDB. */
  readonly workers: number;
  /** Messages that wait already in a second column of each of ours; 0: there are none. */
  readonly waiting: number;
  /** The folder of what is left. */
  readonly results: string;
  readonly profile: boolean;
  /** The results become those that docs/performance.md shows. */
  readonly keep: boolean;
}

interface Given {
  readonly only?: string | undefined;
  readonly columns?: string | undefined;
  readonly rounds?: string | undefined;
  readonly count?: string | undefined;
  readonly seconds?: string | undefined;
  readonly 'kamailio-children'?: string | undefined;
  readonly workers?: string | undefined;
  readonly waiting?: string | undefined;
  readonly results: string;
  readonly profile: boolean;
  readonly keep: boolean;
}

/** @throws Error with a sentence for what can't be understood */
export function sideArguments(given: Given): SideArguments {
  const columns = named('columns', COLUMNS, given.columns);
  const waiting = given.waiting === undefined ? 0 : whole('waiting', given.waiting, 0);
  return {
    workloads: named('only', WORKLOADS, given.only),
    columns:
      waiting === 0 ? columns : columns.flatMap((column) => [column, ...(column.full ? [column.full] : [])]),
    waiting,
    rounds: whole('rounds', given.rounds, 5),
    count: whole('count', given.count, 20_000),
    seconds: whole('seconds', given.seconds, 10),
    kamailioChildren: whole('kamailio-children', given['kamailio-children'], 4),
    workers: whole('workers', given.workers, 1),
    results: given.results,
    profile: given.profile,
    keep: given.keep,
  };
}

function named<T extends { readonly id: string }>(
  option: string,
  all: readonly T[],
  list?: string,
): readonly T[] {
  if (list === undefined) return all;
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !all.some(({ id }) => id === name));
  if (unknown.length > 0)
    throw new Error(
      `--${option} names ${unknown.join(', ')}; there are ${all.map(({ id }) => id).join(', ')}`,
    );
  return all.filter(({ id }) => wanted.includes(id));
}

function whole(option: string, text: string | undefined, usual: number): number {
  const value = text === undefined ? usual : Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${option} is ${text ?? ''}, wanted is a whole number above 0`);
  return value;
}
