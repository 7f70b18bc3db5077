import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whenWeDie } from './watchdog.ts';

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/** An empty folder of our own that goes away with `remove()`, or with this process at the latest. */
export function temporaryFolder(prefix: string, parent = tmpdir()): TemporaryFolder {
  const path = mkdtempSync(join(parent, `${prefix}-`));
  // A second later, since a process that is killed by the same death may still be writing into it.
  const watchdog = whenWeDie('sleep 1; rm -rf -- "$1"', path);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
      watchdog.dismiss();
    },
  };
}
