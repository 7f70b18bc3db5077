/** From a batch that failed to the smallest input that does: on an empty store, or else on a copy of the one it left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runBatch, type BatchOptions } from './batch.ts';
import type { Input } from './inputs.ts';
import { budget, isolate } from './isolate.ts';
import { shrink } from './shrink.ts';
import type { Failure } from './target/failure.ts';
import type { FuzzStore, StoreMaker } from './target/stores.ts';
import { Target, restartServer } from './target/target.ts';

export interface FindOptions extends BatchOptions {
  readonly makeStore: StoreMaker;
  readonly memory: number;
  /** ms for all tries together. */
  readonly limit: number;
  readonly say: (line: string) => void;
}

export interface Found {
  readonly failure: Failure;
  /** The fewest inputs that show it. */
  readonly inputs: readonly Input[];
  /** Where they do. */
  readonly on: string;
}

/** Of a batch that failed. */
export interface Failed {
  readonly failure: Failure;
  readonly inputs: readonly Input[];
  /** Those of the batches before it, whose consequences may have come late. */
  readonly before: readonly Input[];
}

const TRIES = 200;
/** An error may come seconds after what sets it off: a handler has so much time. */
const LATE_MS = 7_000;

/** What is tried: these inputs, on such a store, and so long waited behind them. */
interface Scene {
  readonly on: string;
  readonly inputs: readonly Input[];
  readonly store: StoreMaker;
  readonly linger: number;
}

/** @param left the store of the run; nobody uses it any more */
export async function find(
  { failure, inputs: batch, before }: Failed,
  left: FuzzStore,
  options: FindOptions,
): Promise<Found> {
  const { makeStore } = options;
  const suspects = failure.suspects ?? [];
  const copy = () => left.copy();
  const scenes: readonly Scene[] = [
    { on: 'an empty store', inputs: suspects, store: makeStore, linger: 0 },
    { on: 'an empty store', inputs: batch, store: makeStore, linger: 0 },
    { on: 'the store that it left behind', inputs: batch, store: copy, linger: 0 },
    { on: 'an empty store, and later', inputs: [...before, ...batch], store: makeStore, linger: LATE_MS },
  ];
  const tries = budget(TRIES, options.limit);
  for (const scene of scenes) {
    if (scene.inputs.length === 0 || tries.spent()) continue;
    const fails = async (inputs: readonly Input[]) => {
      tries.take();
      const seen = await attempt(inputs, await scene.store(), options, scene.linger);
      if (inputs.length > 1)
        options.say(`  ${inputs.length} inputs on ${scene.on}: ${seen?.kind ?? 'nothing'}`);
      return seen?.kind === failure.kind;
    };
    if (!(await fails(scene.inputs))) continue;
    const inputs = await isolate(scene.inputs, fails, tries);
    const [only] = inputs;
    if (inputs.length !== 1 || !only) return { failure, inputs, on: scene.on };
    const text = await shrink(only.text, (smaller) => fails([{ ...only, text: smaller }]), tries);
    return { failure, inputs: [{ ...only, text }], on: scene.on };
  }
  return { failure, inputs: [...before, ...batch], on: 'nothing: it did not happen again' };
}

/** One try, in a new process. */
export async function attempt(
  inputs: readonly Input[],
  store: FuzzStore,
  options: Pick<FindOptions, 'patience' | 'memory'>,
  linger = 0,
): Promise<Failure | undefined> {
  restartServer();
  try {
    const target = await Target.start({ store, memory: options.memory });
    try {
      const { failure } = await runBatch(target, inputs, options);
      return failure ?? (await soon(target, linger)) ?? (await target.restart());
    } finally {
      await target.kill();
    }
  } catch (error) {
    return { kind: 'the application does not start', seen: String(error) };
  } finally {
    await store.drop();
  }
}

async function soon(target: Target, linger: number): Promise<Failure | undefined> {
  const limit = performance.now() + linger;
  let failure = await target.vitals();
  while (!failure && performance.now() < limit) {
    await sleep(200);
    failure = await target.vitals();
  }
  return failure;
}
