/** From a batch that failed to the smallest input that does: on an empty store, or else on a copy of the one it left behind. */
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
  /** Do they fail on an empty store, on what the batch had left behind, or not again? */
  readonly on: 'an empty store' | 'the state it left behind' | 'nothing: it did not happen again';
}

const TRIES = 200;

/** @param left the store of the run; nobody uses it any more */
export async function find(
  failure: Failure,
  batch: readonly Input[],
  left: FuzzStore,
  options: FindOptions,
): Promise<Found> {
  const tries = budget(TRIES, options.limit);
  const places = [
    ['an empty store', options.makeStore],
    ['the state it left behind', () => left.copy()],
  ] as const;
  for (const [on, store] of places) {
    const fails = async (inputs: readonly Input[]) => {
      tries.take();
      const seen = await attempt(inputs, await store(), options);
      if (inputs.length > 1) options.say(`  ${inputs.length} inputs on ${on}: ${seen?.kind ?? 'nothing'}`);
      return seen?.kind === failure.kind;
    };
    const suspects = failure.suspects ?? [];
    const all = suspects.length > 0 && (await fails(suspects)) ? suspects : batch;
    if (all === batch && !(await fails(batch))) continue;
    const inputs = await isolate(all, fails, tries);
    const [only] = inputs;
    if (inputs.length !== 1 || !only) return { failure, inputs, on };
    const text = await shrink(only.text, (smaller) => fails([{ ...only, text: smaller }]), tries);
    return { failure, inputs: [{ ...only, text }], on };
  }
  return { failure, inputs: batch, on: 'nothing: it did not happen again' };
}

/** One try, in a new process. */
export async function attempt(
  inputs: readonly Input[],
  store: FuzzStore,
  options: Pick<FindOptions, 'patience' | 'memory'>,
): Promise<Failure | undefined> {
  restartServer();
  try {
    const target = await Target.start({ store, memory: options.memory });
    try {
      const { failure } = await runBatch(target, inputs, options);
      return failure ?? (await target.restart());
    } finally {
      await target.kill();
    }
  } catch (error) {
    return { kind: 'the application does not start', seen: String(error) };
  } finally {
    await store.drop();
  }
}
