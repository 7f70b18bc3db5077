/** Packing our own package, for those who look into it and those who install it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Our own build is in use by other tests: nothing of it may be made anew. */
export function npmPack(...args: readonly string[]): string {
  return execFileSync('npm', ['pack', '--ignore-scripts', '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
}
