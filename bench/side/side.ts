/** `npm run bench`: us, the ceiling and Kamailio side by side; docs/performance.md says how to read it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { SideArguments } from './arguments.ts';
import { sippMissing } from './load/sipp.ts';
import { fits, measure } from './measure.ts';
import type { Column, Site } from './model.ts';
import { Progress } from './progress.ts';
import { cellsOf } from './report/cells.ts';
import { costTable, databaseTable, figuresTable, verdictTable } from './report/tables.ts';
import { plot } from './report/plot.ts';
import { profilesText } from './report/profiles.ts';
import { verdictsOf } from './report/verdicts.ts';

const KEPT = 'bench/results/kept.json';
const PAGE = 'docs/performance.md';
const [BEGIN, END] = ['<!-- bench: written by npm run bench -- --keep -->', '<!-- /bench -->'];
const MACHINE = {
  node: process.version,
  system: `${process.platform} ${release()}`,
  processors: `${cpus().length} × ${cpus()[0]?.model ?? 'processor'}`,
  memoryGb: Math.round(totalmem() / 2 ** 30),
};

type Place = Pick<Site, 'drachtio' | 'profiles'>;

export async function sideBySide(asked: SideArguments): Promise<void> {
  const missing = sippMissing();
  if (missing !== undefined) throw new Error(missing);
  const place = {
    drachtio: process.env['DRACHTIO_BIN'],
    profiles: asked.profile ? resolve(asked.results, 'profiles') : undefined,
  };
  const wanted = { ...asked, columns: possible(asked, place) };
  if (wanted.columns.length === 0) throw new Error('none of the columns can be measured here');
  if (place.profiles !== undefined) rmSync(place.profiles, { recursive: true, force: true });
  mkdirSync(asked.results, { recursive: true });
  const steps = wanted.workloads.flatMap((workload) => wanted.columns.filter((one) => fits(workload, one)));
  const progress = new Progress(process.stderr, steps.length * wanted.rounds);
  const { samples, failures, commitMs } = await measure(wanted, place, progress);
  const cells = cellsOf(samples);
  const verdicts = verdictsOf(cells, commitMs);
  const { rounds, count, seconds, waiting, kamailioChildren } = wanted;
  const asWanted = { rounds, count, seconds, waiting, kamailioChildren };
  const results = { machine: MACHINE, asked: asWanted, commitMs, cells, verdicts, failures, samples };
  const json = `${JSON.stringify(results, null, 2)}\n`;
  const shown = { workloads: wanted.workloads, columns: wanted.columns, cells };
  writeFileSync(join(asked.results, 'latest.json'), json);
  writeFileSync(join(asked.results, 'latest.svg'), plot(shown));
  const text = [
    `Node ${MACHINE.node}, ${MACHINE.processors}; ${rounds} rounds of ${count.toLocaleString('en')} messages${waiting === 0 ? '' : `; "full": ${waiting.toLocaleString('en')} wait already`}.`,
    'Median of the rounds, and in parentheses the lowest and the highest:',
    figuresTable(shown),
    'Processor time of each process for each request, in ms:',
    costTable(shown),
    'What the database did for each request, and the memory of app and server:',
    databaseTable(shown),
    ...(verdicts.length > 0 ? ['Targets:', verdictTable(verdicts)] : []),
  ].join('\n\n');
  console.log(
    `${text}\n\nAll figures: ${join(asked.results, 'latest.json')}, as bars: ${join(asked.results, 'latest.svg')}`,
  );
  if (place.profiles !== undefined) console.log(profilesText(place.profiles));
  if (wanted.keep) keep(text, { json, svg: plot(shown) });
  if (failures.length > 0) process.exitCode = 1;
}

/** The columns that can run here. */
function possible({ columns, kamailioChildren, workers }: SideArguments, place: Place): readonly Column[] {
  return columns.filter((column) => {
    const why = column.missing({ ...place, mariadb: undefined, full: undefined, kamailioChildren, workers });
    if (why !== undefined) console.error(`${column.title} is left out: ${why}`);
    return why === undefined;
  });
}

/** The run becomes the one that the documentation shows. */
function keep(text: string, { json, svg }: { readonly json: string; readonly svg: string }): void {
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before)
    throw new Error(`${PAGE} has no place for the table: wanted are ${BEGIN} and ${END}`);
  const shown = `${BEGIN}\n\n${text}\n\n![The same as bars](images/performance.svg)\n\nAll figures of this run: \`${KEPT}\`.\n\n`;
  writeFileSync(PAGE, page.slice(0, before) + shown + page.slice(after));
  writeFileSync('docs/images/performance.svg', svg);
  mkdirSync(dirname(KEPT), { recursive: true });
  writeFileSync(KEPT, json);
}
