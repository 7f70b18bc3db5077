/** A run: batch after batch, a restart now and then, until all is sent, something fails or it is told to stop. */
import { realServer } from '../support/real-server.ts';
import { runBatch } from './batch.ts';
import { find, type Found } from './find.ts';
import { inputAt, type Input, type Way } from './inputs.ts';
import { knownFault } from './known.ts';
import type { Failure } from './target/failure.ts';
import type { FuzzStore, StoreMaker } from './target/stores.ts';
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
    const target = await Target.start({ store, memory: options.memory });
    const failed = await runAll(target, options, tally).finally(() => target.kill());
    if (!failed) return { tally, found: undefined };
    options.say(`${failed.failure.kind}: ${failed.failure.seen}`);
    const { patience, memory, makeStore, say, findLimit: limit } = options;
    return {
      tally,
      found: await find(failed.failure, failed.inputs, store, { patience, memory, makeStore, say, limit }),
    };
  } finally {
    await store.drop();
  }
}

interface Failed {
  readonly failure: Failure;
  readonly inputs: readonly Input[];
}

async function runAll(target: Target, options: Settings, tally: Tally): Promise<Failed | undefined> {
  const end = options.from + options.inputs;
  let inputs: Input[] = [];
  for (let nr = options.from; nr < end && !options.stopped(); nr += options.batch) {
    inputs = batchFrom(nr, Math.min(end, nr + options.batch), options.seed, tally);
    const { failure, answers, arrived } = await runBatch(target, inputs, options);
    tally.batches++;
    tally.arrived += arrived;
    for (const [status, count] of answers) add(tally.answers, status, count);
    tally.memory = target.memory;
    tally.mostMemory = Math.max(tally.mostMemory, tally.memory);
    if (failure) return { failure, inputs };
    options.onBatch(tally);
    if (tally.batches % options.restartEvery !== 0) continue;
    const broken = await target.restart();
    tally.restarts++;
    if (broken) return { failure: broken, inputs };
  }
  // What was stored by now must not stop a start.
  const broken = (await target.restart()) ?? (await target.stop());
  return broken && { failure: broken, inputs };
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

