/**
 * How long a value may be that a request brings and a column keeps, on each database alike: what is too long is refused in
 * our words, before a database says it in its own.
 */
import { SiloError } from '../../base/errors.ts';

/** Characters. */
export const WIDTHS = {
  aor: 320,
  header: 2048,
  callId: 512,
  tag: 255,
  publisher: 512,
} as const;

/** What it is, the value, and the width of its column. */
export type Kept = readonly [what: string, value: string, width: number];

/** @throws SiloError 400 for the first value that is too long */
export function needKept(...values: readonly Kept[]): void {
  for (const [what, value, width] of values)
    if (value.length > width)
      throw new SiloError(
        'SILO_REFUSED',
        `${what} has ${value.length} characters, at most ${width} can be stored.`,
        { status: 400 },
      );
}
