/** The metrics of several processes that serve as one: counts add up, what is the same for all is said once. */
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The checks of /readyz, of one process and of all. */
export const CHECK_OK = {
  name: 'silo_check_ok',
  help: 'Is it well: 1 or 0 for each check of /readyz.',
  aggregator: 'min',
} as const;

/** Plain data, to be sent to another process. */
export type PlainMetrics = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface Processes {
  readonly wanted: number;
  readonly serving: number;
  /** Processes that were started anew. */
  readonly restarts: number;
}

/** Prometheus' text form. */
export function metricsOfAll(each: readonly PlainMetrics[], processes: Processes): Promise<string> {
  return AggregatorRegistry.aggregate([...each, ofService(processes)]).metrics();
}

function ofService({ wanted, serving, restarts }: Processes) {
  return [
    {
      ...CHECK_OK,
      type: 'gauge',
      values: [{ value: serving < wanted ? 0 : 1, labels: { check: 'processes' } }],
    },
    {
      name: 'silo_processes',
      help: 'Processes of this service: as many as are wanted, and as many as serve.',
      type: 'gauge',
      aggregator: 'sum',
      values: [
        { value: wanted, labels: { state: 'wanted' } },
        { value: serving, labels: { state: 'serving' } },
      ],
    },
    {
      name: 'silo_process_restarts_total',
      help: 'Processes of this service that ended by themselves and were started anew.',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value: restarts, labels: {} }],
    },
  ];
}
