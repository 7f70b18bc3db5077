/** How much memory a process holds. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Resident memory in MB; 0 when the system does not say. */
export function residentMb(pid: number): number {
  return Math.round(residentKb(pid) / 1024);
}

function residentKb(pid: number): number {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    if (kb !== undefined) return Number(kb);
  } catch {
    // Not Linux.
  }
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) || 0;
  } catch {
    return 0;
  }
}

/** What is not used any more goes now, and not when there is too much of it. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
