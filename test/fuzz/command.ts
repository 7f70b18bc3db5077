/**
 * `npm run fuzz -- --inputs N` (default 100,000): mutated SIP, answers, frames and configurations against the application on
 * `--store sqlite` (default) or `mysql`, behind the embedded front end or the drachtio-server that the environment names.
 * `--seed S` repeats a run, `--from I` begins in the middle of it, `--replay FILE` sends what a run has found again.
 * Ctrl-C ends it after the batch. Exit code 1 when something was found.
 */
import { parseArgs } from 'node:util';
import { chance } from '../support/load/random.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { realServer } from '../support/real-server.ts';
import { attempt } from './find.ts';
import { keep, read, shown } from './replay.ts';
import { run, type Report, type Tally } from './run.ts';
import { mariadbStore, sqliteStore, type StoreMaker } from './target/stores.ts';

const HELP = `npm run fuzz -- [--inputs N] [--seed S] [--store sqlite|mysql]: what strangers might send, against the application

  --inputs N      how many (100000)
  --seed S        repeats a run; --from I begins in the middle of it
  --store NAME    sqlite (default) or mysql: a MariaDB of its own
  --batch N       inputs before all is looked at (1000)
  --patience S    seconds until an answer or a canary must be there (10)
  --memory MB     that the application may hold (1024)
  --errors FILE   for what the application says on standard error
  --out FILE      for what is found (fuzz-found.json); --replay FILE sends it again

Behind a real drachtio-server: name it by SILO_CONFORMANCE_SIP, _ADMIN, _SECRET and _RESTART (docs/embedded.md).
Ctrl-C ends it after the batch. Exit code 1 when something was found, 2 when it was asked wrongly.`;

const OPTIONS = {
  help: { type: 'boolean', default: false },
  inputs: { type: 'string', default: '100000' },
  seed: { type: 'string' },
  from: { type: 'string', default: '0' },
  store: { type: 'string', default: 'sqlite' },
  batch: { type: 'string', default: '1000' },
  /** s until an answer or a canary must be there. */
  patience: { type: 'string', default: '10' },
  /** MB that the application may hold. */
  memory: { type: 'string', default: '1024' },
  /** A file for what the application says on standard error. */
  errors: { type: 'string' },
  replay: { type: 'string' },
  out: { type: 'string', default: 'fuzz-found.json' },
} as const;

const values = readArguments();

const LINE_MS = 5_000;
const seed = values.seed === undefined ? chance().seed : number('seed');
const began = performance.now();
let stopping = false;
let said = 0;

/** Ends the process with a sentence where the options can't be read, and after help. */
function readArguments() {
  try {
    const { values: read } = parseArgs({ options: OPTIONS });
    if (!read.help) return read;
    console.log(HELP);
    return process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return process.exit(2);
  }
}

function number(name: 'inputs' | 'seed' | 'from' | 'batch' | 'patience' | 'memory'): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`--${name} is ${values[name] ?? ''}, wanted is a whole number`);
  return value;
}

async function withStore<T>(work: (makeStore: StoreMaker) => Promise<T>): Promise<T> {
  if (values.store === 'sqlite') return work(sqliteStore);
  if (values.store !== 'mysql') throw new Error(`--store is ${values.store}, wanted is sqlite or mysql`);
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
  keep(values.out, seed, found);
  console.log(`\nFOUND: ${found.failure.kind}: ${found.failure.seen}`);
  console.log(
    `${found.inputs.length} input(s), on ${found.on}; once more: npm run fuzz -- --replay ${values.out}`,
  );
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
    `Fuzzing the application on ${values.store}, behind ${realServer ? 'drachtio-server' : 'the embedded front end'}, --seed ${seed}`,
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
