/** Reading and writing summaries. Compiled by `npm run types`; nothing here runs. */
import {
  SiloError,
  SummaryError,
  formatSummary,
  parseSummary,
  type ContextClass,
  type Counts,
  type ParsedSummary,
  type SiloErrorCode,
  type Summary,
} from '../../lib/index.ts';

const voice: Counts = { new: 1, old: 0, urgentNew: 1, urgentOld: 0 };
const counts = new Map<ContextClass, Counts>([['Voice-Message', voice]]);
const summary: Summary = { waiting: true, account: 'sip:bob@example.org', counts, messages: [] };
const read: ParsedSummary = parseSummary(formatSummary(summary), { mode: 'strict' });
export const repairs: readonly string[] = read.repairs;

export function code(error: unknown): SiloErrorCode | undefined {
  if (error instanceof SummaryError) return error.code;
  return error instanceof SiloError ? error.code : undefined;
}

export const wrong = (): void => {
  // @ts-expect-error no such class
  counts.set('Voice', voice);
  // @ts-expect-error counts are numbers
  counts.set('Fax-Message', { new: '1', old: 0 });
  // @ts-expect-error no such mode
  parseSummary('', { mode: 'loose' });
  // @ts-expect-error a summary says whether something waits
  formatSummary({ counts, messages: [] });
  // @ts-expect-error what was read stays as it was
  read.waiting = false;
};
