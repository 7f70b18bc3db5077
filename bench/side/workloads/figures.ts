/** How figures come from what was seen. */
import type { Loaded } from '../load/sipp.ts';

/** Answers a second, from the first request to the last answer. */
export function rateOf({ began, answers }: Loaded): number {
  const last = answers.reduce((latest, { at }) => Math.max(latest, at), began);
  return (1000 * answers.length) / Math.max(last - began, 1);
}

/** What so large a part of them does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** A line that phones have noted: `<date> <time> <epoch seconds> <what …>`, the first three with tabs between. */
export interface Note {
  /** Epoch ms. */
  readonly at: number;
  readonly what: string;
}

export function noteOf(line: string): Note {
  const [stamp = '', ...rest] = line.split(' ');
  return { at: Number(stamp.split('\t').at(-1)) * 1000, what: rest.join(' ') };
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** How many came after one of the same box that was accepted later. */
export function disordered(notes: readonly Note[], order: readonly string[]): number {
  const place = new Map(order.map((text, index) => [text, index]));
  const latest = new Map<string, number>();
  let found = 0;
  for (const { what } of notes) {
    const [box = ''] = what.split(' ');
    const nth = place.get(what) ?? 0;
    if (nth < (latest.get(box) ?? -1)) found++;
    else latest.set(box, nth);
  }
  return found;
}
