/** How many processes serve. */
import { availableParallelism } from 'node:os';
import { SiloError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { MOST_WORKERS } from '../node/processes.ts';

/**
 * `auto` is one per processor, and one where there can't be more.
 * @throws SiloError `SILO_CONFIG` when the store is for one process only
 */
export function processesOf(
  { workers: { workers }, store: { url } }: Pick<Config, 'workers' | 'store'>,
  processors = availableParallelism(),
): number {
  const isForOne = url.startsWith('sqlite:');
  if (workers === 'auto') return isForOne ? 1 : Math.min(processors, MOST_WORKERS);
  if (workers > 1 && isForOne)
    throw new SiloError(
      'SILO_CONFIG',
      `Option SILO_WORKERS (found ${workers}): an SQLite file is for one process, since only one can write to it at a time; ` +
        'wanted is a MySQL or MariaDB database in SILO_STORE, or SILO_WORKERS=1.',
    );
  return workers;
}
