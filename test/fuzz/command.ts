/**
 * `npm run fuzz -- --inputs N` (default 100,000): mutated SIP, answers, frames and configurations against the application on
 * `--store sqlite` (default) or `mysql`, behind the embedded front end or the drachtio-server that the environment names.
 * `--seed S` repeats a run, `--from I` begins in the middle of it, `--replay FILE` sends what a run has found again.
 * Ctrl-C ends it after the batch. Exit code 1 when something was found.
 */
import { chance } from '../support/load/random.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { realServer } from '../support/real-server.ts';
import { HELP, numberOf, readArguments, type Values } from './arguments.ts';
import { attempt } from './find.ts';
import { keep, read, shown } from './replay.ts';
import { run, type Report, type Tally } from './run.ts';
import { mariadbStore, sqliteStore, type StoreMaker } from './target/stores.ts';

const values = given();
const LINE_MS = 5_000;
const seed = values.seed === undefined ? chance().seed : number('seed');
const began = performance.now();
let stopping = false;
let said = 0;

function number(name: 'inputs' | 'seed' | 'from' | 'batch' | 'patience' | 'memory'): number {
  return orExit(() => numberOf(values, name));
}

function given(): Values {
  const read = orExit(() => readArguments(process.argv.slice(2)));
  if (read) return read;
  console.log(HELP);
  process.exit(0);
}

/** What was typed wrong is told in a sentence. */
function orExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message : String(error)}\nnpm run fuzz -- --help lists the options.`,
    );
    process.exit(2);
  }
}

async function withStore<T>(work: (makeStore: StoreMaker) => Promise<T>): Promise<T> {
  if (values.store === 'sqlite') return work(sqliteStore);
  if (values.store !== 'mysql')
    return orExit(() => {
      throw new Error(`--store is ${values.store ?? ''}, wanted is sqlite or mysql`);
    });
  const mariadb = await startMariaDb();
  try {
    return await work(mariadbStore(mariadb.port));
  } finally {
    await mariadb.stop();
  }
}

const seconds = () => Math.round((performance.now() - began) / 1000);

function progress({ inputs, batches, memory, restarts }: Tally): void {
  const terminal = process.stdout.isTTY;
  if (!terminal && performance.now() - said < LINE_MS) return;
  said = performance.now();
  const rate = Math.round(inputs / Math.max(1, seconds()));
  const line = `${String(seconds()).padStart(6)} s  ${inputs} inputs, ${rate}/s, ${batches} batches, ${restarts} restarts, ${memory} MB`;
  process.stdout.write(terminal ? `\r${line}\x1b[K` : `${line}\n`);
}

function summary({ tally, found }: Report): void {
  const counts = (map: ReadonlyMap<string | number, number>) =>
    [...map]
      .sort(([, one], [, other]) => other - one)
      .map(([name, count]) => `${name}: ${count}`)
      .join(', ') || 'none';
  console.log(
    `\n${tally.inputs} inputs in ${seconds()} s (${counts(tally.ways)}), --seed ${seed}\n` +
      `answered: ${counts(tally.answers)}; requests of the application: ${tally.arrived}\n` +
      `batches ${tally.batches}, restarts ${tally.restarts}, memory at most ${tally.mostMemory} MB\n` +
      `left out, known of the server: ${counts(tally.leftOut)}`,
  );
  if (!found) {
    console.log(stopping ? 'Stopped; nothing was found.' : 'Nothing was found.');
    return;
  }
  const { out = 'fuzz-found.json' } = values;
  keep(out, seed, found);
  console.log(`\nFOUND: ${found.failure.kind}: ${found.failure.seen}`);
  console.log(`${found.inputs.length} input(s), on ${found.on}; once more: npm run fuzz -- --replay ${out}`);
  for (const input of found.inputs.slice(0, 3)) console.log(shown(input));
}

async function replay(path: string, makeStore: StoreMaker): Promise<boolean> {
  const inputs = read(path);
  const failure = await attempt(inputs, await makeStore(), {
    patience: number('patience') * 1000,
    memory: number('memory'),
  });
  console.log(
    failure ? `${failure.kind}: ${failure.seen}` : `${inputs.length} input(s) sent, nothing happened.`,
  );
  return failure === undefined;
}

async function fuzz(makeStore: StoreMaker): Promise<boolean> {
  console.log(
    `Fuzzing the application on ${values.store ?? ''}, behind ${realServer ? 'drachtio-server' : 'the embedded front end'}, --seed ${seed}`,
  );
  process.on('SIGINT', () => {
    if (stopping) process.exit(1);
    stopping = true;
  });
  const report = await run({
    seed,
    inputs: number('inputs'),
    from: number('from'),
    batch: number('batch'),
    patience: number('patience') * 1000,
    memory: number('memory'),
    makeStore,
    errors: values.errors,
    onBatch: progress,
    say: (line) => console.log(line),
    stopped: () => stopping,
  });
  summary(report);
  return report.found === undefined;
}

const { replay: path } = values;
const good = await withStore((makeStore) => (path === undefined ? fuzz(makeStore) : replay(path, makeStore)));
process.exitCode = good ? 0 : 1;
