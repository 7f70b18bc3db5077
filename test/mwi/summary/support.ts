import { SummaryError } from '../../../lib/mwi/summary/summary.ts';

/** A body of these lines, each ended. */
export const lines = (...text: string[]) => text.map((line) => `${line}\r\n`).join('');

/** What was thrown, where it is the error of this part. */
export function errorOf(run: () => unknown): SummaryError {
  try {
    run();
  } catch (error) {
    if (error instanceof SummaryError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
