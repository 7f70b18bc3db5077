import { existsSync, readFileSync } from 'node:fs';

/**
 * Whether a process runs. A dead one whose parent has not asked for it yet (an orphan in a container without a
 * proper init) does not count, though signal 0 still reaches it.
 */
export function lives(pid: number): boolean {
  if (existsSync('/proc/self/stat')) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return !/^\d+ \(.*\) Z/s.test(stat);
    } catch {
      return false;
    }
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
