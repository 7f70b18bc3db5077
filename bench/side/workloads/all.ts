/** Everything that a column is asked to do, in the order of the table. */
import type { Workload } from '../model.ts';
import { dumpMany, dumpOne } from './dump.ts';
import { lampLatency, publish, renew, storm } from './lamps.ts';
import { accept, alone, refresh } from './requests.ts';
import { start } from './start.ts';
import { latency, overload } from './steady.ts';

export const WORKLOADS: readonly Workload[] = [
  accept,
  alone,
  latency,
  overload,
  refresh,
  dumpMany,
  dumpOne,
  storm,
  renew,
  publish,
  lampLatency,
  start,
];
