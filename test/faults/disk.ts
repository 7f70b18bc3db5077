/** A disk that is small enough to be filled. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { whenWeDie } from '../support/watchdog.ts';

export interface SmallDisk {
  readonly path: string;
  /** Takes all the space that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  remove(): void;
}

/** Why there can't be one here; undefined where there can. */
export function mountMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a small disk can be mounted only by root on Linux';
  try {
    mountSmallDisk(1).remove();
    return undefined;
  } catch {
    return 'this machine does not let us mount a small disk (tmpfs)';
  }
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = temporaryFolder('silo-disk');
  const path = join(folder.path, 'disk');
  const ballast = join(path, 'ballast');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' });
  } catch (cause) {
    folder.remove();
    throw new Error('tmpfs could not be mounted', { cause });
  }
  const watchdog = whenWeDie('umount -l -- "$1"', path);
  return {
    path,
    fill: () => {
      const file = openSync(ballast, 'w');
      const piece = Buffer.alloc(64 * 1024);
      try {
        for (;;) writeSync(file, piece);
      } catch {
        // No space left: that is what we want.
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove: () => {
      execFileSync('umount', ['-l', path]);
      watchdog.dismiss();
      folder.remove();
    },
  };
}
