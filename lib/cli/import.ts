/** `drachtio-silo import`: source, store, progress, report and Ctrl-C around an import. */
import { open } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { epochSeconds } from '../base/clock.ts';
import { SiloError, textOf } from '../base/errors.ts';
import { readSecret } from '../base/secrets.ts';
import { keepIn, keepNothing, type Keep } from '../import/keep.ts';
import { createProgress } from '../import/progress.ts';
import { EXAMPLES, reportJson, reportText, type ImportFacts } from '../import/report.ts';
import { runImport } from '../import/run.ts';
import { startCounting } from '../import/tally.ts';
import { openKnownKeys } from '../stores/source/known-keys.ts';
import { openStore } from '../stores/open.ts';
import {
  COLUMN_PARAMETERS,
  openSource,
  sameDatabase,
  type SiloSource,
} from '../stores/source/silo-source.ts';
import { command, flag, usage, value, whole } from './frame/command.ts';
import { EXIT, type Exit } from './frame/exit.ts';
import type { Output } from './frame/output.ts';
import { onInterrupt } from './terminal/interrupt.ts';

interface ImportArguments {
  readonly url: string;
  readonly table: string;
  /** msilo's column parameters, e.g. `sc_from` -> `sender`. */
  readonly columns: ReadonlyMap<string, string>;
  readonly batch: number;
  readonly dryRun: boolean;
  /** A file for the whole report; '' for none. */
  readonly report: string;
}

export const importCommand = command({
  name: 'import',
  summary: 'messages of a Kamailio or OpenSIPS (msilo) into the store',
  about:
    'Each message is taken once, however often this is run: it goes on where it was stopped. The source is only read. docs/importing.md has the whole way over.',
  args: {
    url: {
      shape: '<url>',
      says: 'mysql://user:password@host:port/database, sqlite:<path>, or file:<path> of a file that holds such a URL: arguments can be read by all users of a host',
    },
  },
  options: {
    table: value('--table <name>', "msilo's db_table", 'silo'),
    columns: value(
      '--columns <sc_…=name,…>',
      "msilo's column names where they were changed, such as sc_from=sender,sc_body=text",
    ),
    dryRun: flag('--dry-run', 'say what would be done, and store nothing'),
    report: value('--report <file>', 'write all findings, row by row, as JSON'),
    batch: whole('--batch <rows>', 'rows read and stored at once', { preset: 1_000, most: 10_000 }),
  },
  examples: [
    ['drachtio-silo import file:/run/secrets/kamailio --dry-run', 'what would be done'],
    ['drachtio-silo import sqlite:./kamailio.db --table offline --report import.json', 'with a whole report'],
  ],
  exits: {
    [EXIT.done]: 'the end of the table was reached, and no row was refused',
    [EXIT.failed]: 'it was not reached: the next run goes on',
    [EXIT.no]: 'it was reached, and rows were refused',
  },
  run: ({ given, out, config }) => runCommand({ ...given, columns: columnsOf(given.columns) }, config(), out),
});

/** Imports, says on standard error how far it is and on standard output what it did. */
async function runCommand(options: ImportArguments, config: Config, out: Output): Promise<Exit> {
  const report = options.report === '' ? undefined : await openReport(options.report);
  const url = sourceUrl(options.url);
  // What ps shows; Linux keeps no more than that.
  if (url.includes('@')) process.title = 'drachtio-silo import';
  const source = await openSource(url, options);
  try {
    const same = sameDatabase(url, config.store.url) && options.table === 'silo';
    if (same || (await source.isOurs())) throw ours(source);
    const target = await openTarget(config.store, options.dryRun);
    try {
      // The store may be the source under another name, and its tables are ours since this moment.
      if (await source.isOurs()) throw ours(source);
      return await importInto({ target, source, report, out }, options, config);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
    await report?.close();
  }
}

/** Arguments can be read by every user of the host, at least for a moment. */
function sourceUrl(argument: string): string {
  const path = /^file:(.+)$/.exec(argument)?.[1];
  return path === undefined ? argument : readSecret(path, 'the first argument');
}

interface Target {
  readonly name: string;
  readonly keep: Keep;
  close(): Promise<void>;
}

async function openTarget({ url, ...options }: Config['store'], dryRun: boolean): Promise<Target> {
  if (dryRun) {
    const known = await openKnownKeys(url, options);
    return { name: known.name, keep: keepNothing(known), close: () => known.close() };
  }
  const store = await openStore(url, { ...options, now: epochSeconds });
  return { name: store.name, keep: keepIn(store), close: () => store.close() };
}

type ReportFile = Awaited<ReturnType<typeof open>>;

/** What an import has open. */
interface Opened {
  readonly target: Target;
  readonly source: SiloSource;
  readonly report: ReportFile | undefined;
  readonly out: Output;
}

async function importInto(
  { target, source, report, out }: Opened,
  { batch, dryRun, table }: ImportArguments,
  config: Config,
): Promise<Exit> {
  const begin = performance.now();
  const progress = createProgress(process.stderr, await source.rows());
  let { tally } = startCounting(0);
  let complete = false;
  const interrupt = onInterrupt(() => process.stderr.write('\nStopping after this batch …\n'));
  try {
    const result = await runImport(
      {
        source,
        keep: target.keep,
        now: epochSeconds,
        stopped: () => interrupt.happened,
        onProgress: (current) => {
          tally = current;
          progress.show(current);
        },
      },
      { ...config.silo, batch, examples: report ? Infinity : EXAMPLES },
    );
    ({ tally, complete } = result);
    if (!complete) return EXIT.failed;
    return tally.refused > 0 ? EXIT.no : EXIT.done;
  } finally {
    // Also when it fails: what is in stays in, and the next run goes on.
    interrupt.end();
    progress.end(tally);
    const facts: ImportFacts = {
      source: source.name,
      table,
      store: target.name,
      dryRun,
      complete,
      seconds: (performance.now() - begin) / 1000,
    };
    await report?.writeFile(reportJson(facts, tally));
    if (out.json) process.stdout.write(reportJson(facts, tally));
    else process.stdout.write(reportText(facts, tally));
  }
}

function columnsOf(text: string): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [parameter = '', name = ''] = entry.split('=').map((part) => part.trim());
    if (!COLUMN_PARAMETERS.includes(parameter) || name === '')
      throw usage(
        `--columns has ${JSON.stringify(entry)}, wanted is <parameter>=<name of the column> with one of msilo's parameters ${COLUMN_PARAMETERS.join(', ')}`,
      );
    columns.set(parameter, name);
  }
  return columns;
}

function ours({ name, table }: SiloSource): SiloError {
  return new SiloError(
    'SILO_SOURCE',
    `The table ${table} of ${name} is drachtio-silo's own, whose rows are delivered as they are: nothing needs to be imported. ` +
      'Name the database of the Kamailio or OpenSIPS, or set SILO_STORE to another one.',
  );
}

async function openReport(path: string): Promise<ReportFile> {
  try {
    return await open(path, 'w');
  } catch (cause) {
    throw new SiloError(
      'SILO_USAGE',
      `The report can't be written to ${path} (${textOf(cause)}): wanted is a file in a folder that exists and may be written.`,
      { cause },
    );
  }
}
