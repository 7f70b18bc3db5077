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
import { openSource, sameDatabase, type SiloSource } from '../stores/source/silo-source.ts';
import type { ImportArguments } from './arguments.ts';
import { onInterrupt } from './interrupt.ts';

/** Exit codes: the end of the table was not reached; it was, and rows were refused. */
const FAILED = 1;
const SOME_REFUSED = 2;

/** Imports, says on standard error how far it is and on standard output what it did. Returns the exit code. */
export async function importCommand(options: ImportArguments, config: Config): Promise<number> {
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
      return await importInto({ target, source, report }, options, config);
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
}

async function importInto(
  { target, source, report }: Opened,
  { batch, dryRun, table }: ImportArguments,
  config: Config,
): Promise<number> {
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
    if (!complete) return FAILED;
    return tally.refused > 0 ? SOME_REFUSED : 0;
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
    process.stdout.write(reportText(facts, tally));
  }
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
