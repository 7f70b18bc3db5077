/** A run: batch after batch, a restart now and then, until all is sent, something fails or it is told to stop. */
import { realServer } from '../support/real-server.ts';
import { runBatch, type BatchResult } from './batch.ts';
import { find, type Failed, type Found } from './find.ts';
import { inputAt, type Input, type Way } from './inputs.ts';
import { knownFault } from './known.ts';
import type { Failure } from './target/failure.ts';
import type { StoreMaker } from './target/stores.ts';
import { Target, restartServer } from './target/target.ts';

export interface RunOptions {
  readonly seed: number;
  readonly inputs: number;
  /** The number of the first one. */
  readonly from?: number;
  readonly makeStore: StoreMaker;
  readonly batch?: number;
  /** ms until an answer or a canary must be there. */
  readonly patience?: number;
  /** MB that the application may hold. */
  readonly memory?: number;
  /** Batches between two restarts on the same store. */
  readonly restartEvery?: number;
  /** ms to look for the input that did it. */
  readonly findLimit?: number;
  /** A file for what the application says on standard error. */
  readonly errors?: string | undefined;
  readonly onBatch?: (tally: Tally) => void;
  readonly say?: (line: string) => void;
  readonly stopped?: () => boolean;
}

export interface Tally {
  inputs: number;
  batches: number;
  restarts: number;
  /** Requests of the application that came to our devices. */
  arrived: number;
  /** MB. */
  memory: number;
  mostMemory: number;
  readonly ways: Map<Way, number>;
  /** Final answers to what had to be answered, by status. */
  readonly answers: Map<number, number>;
  /** Inputs left out, by the name of the known fault. */
  readonly leftOut: Map<string, number>;
}

export interface Report {
  readonly tally: Tally;
  readonly found: Found | undefined;
}

const DEFAULTS = {
  from: 0,
  batch: 1_000,
  patience: 10_000,
  memory: 1_024,
  restartEvery: 40,
  findLimit: 180_000,
  errors: undefined,
  onBatch: () => undefined,
  say: () => undefined,
  stopped: () => false,
};

type Settings = Required<RunOptions>;

export async function run(given: RunOptions): Promise<Report> {
  const options: Settings = { ...DEFAULTS, ...given };
  const tally = emptyTally();
  const store = await options.makeStore();
  try {
    restartServer();
    const target = await Target.start({ store, memory: options.memory, errors: options.errors });
    const failed = await runAll(target, options, tally).finally(() => target.kill());
    if (!failed) return { tally, found: undefined };
    options.say(`${failed.failure.kind}: ${failed.failure.seen}`);
    const { patience, memory, makeStore, say, findLimit: limit } = options;
    return {
      tally,
      found: await find(failed, store, { patience, memory, makeStore, say, limit }),
    };
  } finally {
    await store.drop();
  }
}

/** Batches before one that failed are looked at, too, so many. */
const HISTORY = 3;

async function runAll(target: Target, options: Settings, tally: Tally): Promise<Failed | undefined> {
  const end = options.from + options.inputs;
  const history: (readonly Input[])[] = [];
  const failed = (failure: Failure): Failed => ({
    failure,
    inputs: history.at(-1) ?? [],
    before: history.slice(0, -1).flat(),
  });
  for (let nr = options.from; nr < end && !options.stopped(); nr += options.batch) {
    const inputs = batchFrom(nr, Math.min(end, nr + options.batch), options.seed, tally);
    history.push(inputs);
    if (history.length > HISTORY) history.shift();
    const result = await runBatch(target, inputs, options);
    count(tally, target, result);
    if (result.failure) return failed(result.failure);
    options.onBatch(tally);
    if (tally.batches % options.restartEvery !== 0) continue;
    const broken = await target.restart();
    tally.restarts++;
    if (broken) return failed(broken);
  }
  // What was stored by now must not stop a start.
  const broken = (await target.restart()) ?? (await target.stop());
  return broken && failed(broken);
}

function count(tally: Tally, target: Target, { answers, arrived }: BatchResult): void {
  tally.batches++;
  tally.arrived += arrived;
  for (const [status, number] of answers) add(tally.answers, status, number);
  tally.memory = target.memory;
  tally.mostMemory = Math.max(tally.mostMemory, tally.memory);
}

function batchFrom(from: number, to: number, seed: number, tally: Tally): Input[] {
  const inputs: Input[] = [];
  for (let nr = from; nr < to; nr++) {
    const input = inputAt(seed, nr, { frames: !realServer });
    const known = realServer && knownFault(input);
    tally.inputs++;
    if (known !== undefined) add(tally.leftOut, known, 1);
    else {
      add(tally.ways, input.way, 1);
      inputs.push(input);
    }
  }
  return inputs;
}

function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function emptyTally(): Tally {
  return {
    inputs: 0,
    batches: 0,
    restarts: 0,
    arrived: 0,
    memory: 0,
    mostMemory: 0,
    ways: new Map(),
    answers: new Map(),
    leftOut: new Map(),
  };
}
