/** From the start of the process until it serves. */
import type { Workload } from '../model.ts';

export const start: Workload = {
  id: 'start',
  title: 'from its start until it serves',
  unit: 'ms',
  lower: true,
  ours: true,
  run: async ({ running, measured }) => {
    if (running.readyMs === undefined) throw new Error('it does not say when it is ready');
    await measured(() => Promise.resolve());
    return { figure: running.readyMs, count: 1, facts: {} };
  },
};
