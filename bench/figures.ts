/** Figures of a measurement, and how they are printed. */

/** Requests that were answered: how many a second, and how long each took. */
export interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export function rateOf(durations: readonly number[], seconds: number): Rate {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return { perSecond: durations.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** Rows of labels and values, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ');
  return all.map(line).join('\n');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function ms({ p50, p99 }: Rate): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)} ms`;
}
