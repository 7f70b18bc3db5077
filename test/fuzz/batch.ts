/** One batch: its inputs are sent, and then everything must be as it was before. */
import { checkEnvironment } from './environment.ts';
import type { Input } from './inputs.ts';
import { canary } from './target/canary.ts';
import type { Failure } from './target/failure.ts';
import { Senders } from './target/senders.ts';
import type { Target } from './target/target.ts';

/** So many inputs leave in one burst. */
const BURST = 64;
/** Requests that wait for an answer while more are sent. */
const MOST_OPEN = 256;

export interface BatchOptions {
  /** ms until an answer, a canary or a barrier must be there. */
  readonly patience: number;
}

export interface BatchResult {
  readonly failure: Failure | undefined;
  /** Final answers to what had to be answered, by status. */
  readonly answers: ReadonlyMap<number, number>;
  /** Requests that the application has sent to us. */
  readonly arrived: number;
}

export async function runBatch(
  target: Target,
  inputs: readonly Input[],
  { patience }: BatchOptions,
): Promise<BatchResult> {
  const senders = await Senders.open(target);
  const failure = await sendAll(target, senders, inputs, patience).finally(() => senders.close());
  return { failure, answers: senders.open.answers, arrived: senders.arrived };
}

async function sendAll(
  target: Target,
  senders: Senders,
  inputs: readonly Input[],
  patience: number,
): Promise<Failure | undefined> {
  for (let at = 0; at < inputs.length; at += BURST) {
    for (const input of inputs.slice(at, at + BURST)) {
      const failure = input.way === 'environment' ? checkEnvironment(input) : undefined;
      if (failure) return failure;
      await senders.send(input);
    }
    if (!(await senders.barrier(patience)) || !(await senders.open.atMost(MOST_OPEN, patience)))
      return (await target.vitals()) ?? unanswered(senders);
  }
  if (!(await senders.open.atMost(0, patience))) return (await target.vitals()) ?? unanswered(senders);
  const dead = await canary(target, patience);
  // What ails the process says more than what comes of it.
  const failure = (await target.vitals()) ?? dead;
  // Meanwhile the application has said what it had to say about them.
  const [broken] = senders.broken;
  return failure ?? (broken === undefined ? undefined : { kind: 'a broken request', seen: broken });
}

function unanswered(senders: Senders): Failure {
  const open = senders.open.inputs;
  return {
    kind: 'no answer',
    seen: `${open.length} requests got no final answer, such as: ${open[0]?.what ?? ''}`,
    suspects: open.filter(({ what }) => what !== 'the barrier'),
  };
}
