/**
 * An import: the rows of the source by their ids, page by page, each judged and kept in that order. The source may be
 * written to meanwhile: what comes in is met at the end, and a last look finds rows whose transaction was slower than
 * that of a higher id. Nothing is remembered here: a row that was imported is known to the store by its key.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { SiloSource, SourceRow } from '../stores/source/silo-source.ts';
import { judge, type JudgeSettings } from './judge.ts';
import type { Judgement } from './judgement.ts';
import type { Keep } from './keep.ts';
import { startCounting, type Tally } from './tally.ts';

/** A row may become visible after one with an id that is higher by this much at the most. */
const OVERLAP = 1_000;
/** Ids read at once in the last look. */
const IDS = 10_000;

export interface ImportSettings extends JudgeSettings {
  /** Rows read and kept at once. */
  readonly batch: number;
  /** Rows remembered per kind of finding. */
  readonly examples: number;
}

export interface ImportDependencies {
  readonly source: Pick<SiloSource, 'lastId' | 'page' | 'ids' | 'those'>;
  readonly keep: Keep;
  readonly now: () => number;
  /** Asked after each batch. */
  readonly stopped?: () => boolean;
  /** Told after each batch. */
  readonly onProgress?: (tally: Tally) => void;
}

export interface ImportResult {
  readonly tally: Tally;
  /** False when it was stopped: there may be more rows. */
  readonly complete: boolean;
}

export async function runImport(
  { source, keep, now, stopped = () => false, onProgress = () => undefined }: ImportDependencies,
  settings: ImportSettings,
): Promise<ImportResult> {
  const counting = startCounting(settings.examples);
  const mark = Math.max(0, (await source.lastId()) - OVERLAP);
  /** Ids above `mark` that were met. */
  const met = new Set<number>();

  async function take(rows: readonly SourceRow[]): Promise<void> {
    const judged = rows.map((row) => ({ id: row.id, judgement: judge(row, settings, now()) }));
    const messages = judged.flatMap(({ judgement }) =>
      judgement.verdict === 'take' ? [judgement.message] : [],
    );
    const kept = [...(await keep(messages))];
    for (const { id, judgement } of judged) {
      if (judgement.verdict === 'take') count(id, judgement, kept.shift());
      else if (judgement.verdict === 'skip') counting.skipped(id, judgement.note);
      else counting.refused(id, judgement.note);
      if (id > mark) met.add(id);
    }
    onProgress(counting.tally);
    // SQLite works without ever giving way: signals shall be heard between batches.
    await turn();
  }

  function count(
    id: number,
    { message, repairs }: Judgement & { verdict: 'take' },
    kept: Awaited<ReturnType<Keep>>[number] | undefined,
  ): void {
    if (kept === 'known') counting.skipped(id, { kind: 'known', found: '' });
    else if (typeof kept === 'object') counting.refused(id, { kind: 'value', found: kept.refused });
    else {
      const parameters = message.contentType.includes(';');
      counting.imported({ id, scheduled: message.sendTime > 0, parameters, repairs });
    }
  }

  for (let page = source.page(0, settings.batch); ;) {
    const rows = await page;
    const last = rows.at(-1);
    if (last === undefined) break;
    const full = rows.length === settings.batch;
    // The next page is read while this one is stored.
    page = full ? source.page(last.id, settings.batch) : Promise.resolve([]);
    page.catch(() => undefined);
    await take(rows);
    if (stopped()) return { tally: counting.tally, complete: false };
  }

  const late: number[] = [];
  for (let after = mark; ;) {
    const ids = await source.ids(after, IDS);
    late.push(...ids.filter((id) => !met.has(id)));
    after = ids.at(-1) ?? after;
    if (ids.length < IDS) break;
  }
  while (late.length > 0) {
    await take(await source.those(late.splice(0, settings.batch)));
    if (stopped()) break;
  }
  return { tally: counting.tally, complete: late.length === 0 };
}
