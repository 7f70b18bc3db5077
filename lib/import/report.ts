/** What an import did: for people, and as JSON with every row. */
import { REFUSALS, REPAIRS, SKIPS } from './judgement.ts';
import { figure } from './progress.ts';
import type { Groups, Tally } from './tally.ts';

export interface ImportFacts {
  readonly source: string;
  readonly table: string;
  readonly store: string;
  readonly dryRun: boolean;
  /** False when it was stopped before the end of the table. */
  readonly complete: boolean;
  readonly seconds: number;
}

/** Rows named per kind in the text. */
export const EXAMPLES = 3;

export function reportText(facts: ImportFacts, tally: Tally): string {
  const { dryRun, complete, seconds, source, table, store } = facts;
  const rate = figure(Math.round(tally.rows / Math.max(seconds, 0.001)));
  const lines = [
    `${source}, table ${table} -> ${store}`,
    `${figure(tally.rows)} rows in ${seconds.toFixed(1)} s, ${rate} a second${dryRun ? '; a dry run: nothing was stored' : ''}`,
    '',
    counted(dryRun ? 'would import' : 'imported', tally.imported),
    ...(tally.scheduled > 0 ? [`  ${figure(tally.scheduled)} to be sent at a set time`] : []),
    counted('  repaired', tally.repaired),
    ...grouped(tally.repairs, REPAIRS).map((line) => `  ${line}`),
    counted('skipped', tally.skipped),
    ...grouped(tally.skips, SKIPS),
    counted('refused', tally.refused),
    ...grouped(tally.refusals, REFUSALS),
  ];
  if (tally.imported > 0 && tally.withParameters === 0)
    lines.push(
      '',
      "No Content-Type had parameters: Kamailio does not file them. They can't be restored; text without charset is UTF-8.",
    );
  if (!complete) lines.push('', 'Stopped before the end: run it again, and it goes on.');
  return `${lines.join('\n')}\n`;
}

function counted(word: string, count: number): string {
  return `${word.padEnd(14)}${figure(count)}`;
}

function grouped<Kind extends string>(groups: Groups<Kind>, words: Readonly<Record<Kind, string>>): string[] {
  return [...groups].flatMap(([kind, { count, rows }]) => {
    const few = rows.slice(0, EXAMPLES);
    const known = few.every(({ found }) => found === '');
    const more = count > few.length ? ', …' : '';
    return [
      `  ${figure(count)} ${words[kind]}${known ? ` (id ${few.map(({ id }) => id).join(', ')}${more})` : ''}`,
      ...(known ? [] : few.map(({ id, found }) => `    id ${id}: ${found}`)),
      ...(known || more === '' ? [] : ['    …']),
    ];
  });
}

export function reportJson(facts: ImportFacts, tally: Tally): string {
  const { repairs, skips, refusals, rows, imported, scheduled, repaired, skipped, refused } = tally;
  const all = <Kind extends string>(groups: Groups<Kind>, words: Readonly<Record<Kind, string>>) =>
    [...groups].map(([kind, group]) => ({ kind, meaning: words[kind], ...group }));
  return `${JSON.stringify(
    {
      ...facts,
      rows,
      imported,
      scheduled,
      repaired,
      skipped,
      refused,
      repairs: all(repairs, REPAIRS),
      skips: all(skips, SKIPS),
      refusals: all(refusals, REFUSALS),
    },
    undefined,
    1,
  )}\n`;
}
