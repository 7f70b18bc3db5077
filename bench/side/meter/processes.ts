/** Processor time and memory of processes with their children, as Linux tells them; 0 where it does not. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of a process and all below it, up to now: user and system, in seconds. */
export function cpuSeconds(pid: number): number {
  return family(pid).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS;
}

/** What they hold, in MB: memory that several share counts once. */
export function memoryMb(pid: number): number {
  const kb = family(pid).reduce((sum, { pid: one }) => {
    const [, held = '0'] = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${one}/smaps_rollup`)) ?? [];
    return sum + Number(held);
  }, 0);
  return kb / 1024;
}

/** Of a second; the same on every Linux, whatever the kernel's own clock is. */
const TICKS = 100;

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function family(pid: number): readonly Entry[] {
  const all = entries();
  const found = all.filter((entry) => entry.pid === pid);
  for (const { pid: parent } of found) found.push(...all.filter((entry) => entry.parent === parent));
  return found;
}

function entries(): readonly Entry[] {
  return (readable(() => readdirSync('/proc')) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      // The command's name stands in parentheses, and may hold anything.
      const text = read(`/proc/${name}/stat`);
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      if (fields.length < 14) return [];
      return [
        { pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) },
      ];
    });
}

/** A process may be over by the time that it is looked at. */
function read(path: string): string {
  return readable(() => readFileSync(path, 'utf8')) ?? '';
}

function readable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
