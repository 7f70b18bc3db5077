/** How far it is, on one line: rewritten on a terminal, a new one every few seconds elsewhere. */
import type { Tally } from './tally.ts';

export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  show(tally: Tally): void;
  /** Leaves the line as it is last. */
  end(tally: Tally): void;
}

const TERMINAL_PAUSE = 100;
const LINE_PAUSE = 3_000;

/**
 * @param total rows that the source had at the start
 * @param clock ms of a steady clock
 */
export function createProgress(
  output: ProgressOutput,
  total: number,
  clock: () => number = () => performance.now(),
): Progress {
  const terminal = output.isTTY === true;
  const begin = clock();
  let shown = begin;
  const write = (tally: Tally): void => {
    const line = progressLine(tally, total, (clock() - begin) / 1000);
    // A line that wraps can't be rewritten.
    output.write(terminal ? `\r${line.slice(0, (output.columns ?? 80) - 1)}\u001b[K` : `${line}\n`);
  };
  return {
    show: (tally) => {
      if (clock() - shown < (terminal ? TERMINAL_PAUSE : LINE_PAUSE)) return;
      shown = clock();
      write(tally);
    },
    end: (tally) => {
      write(tally);
      if (terminal) output.write('\n');
    },
  };
}

function progressLine(tally: Tally, total: number, seconds: number): string {
  const { rows, imported, skipped, refused } = tally;
  const all = Math.max(total, rows);
  const percent = all === 0 ? 100 : Math.floor((rows / all) * 100);
  const rate = rows / Math.max(seconds, 0.001);
  const left = Math.ceil((all - rows) / Math.max(rate, 0.001));
  const time = rows > 0 && rows < all ? `, ${figure(left)} s left` : '';
  return `${figure(rows)} of ${figure(all)} rows (${percent} %), ${figure(Math.round(rate))} a second${time}: ${figure(imported)} imported, ${figure(skipped)} skipped, ${figure(refused)} refused`;
}

export function figure(value: number): string {
  return value.toLocaleString('en');
}
