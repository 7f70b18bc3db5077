/**
 * The calls of the thread, in turns: each takes what has come in since the one before.
 *
 *   reads ──► writes, in one transaction ──► leases ──► sweeps, one slice each
 *
 * Each kind is answered before the next begins. So no read waits for the disk; all writes of a turn share one sync of it
 * (group commit: nothing waits when the thread is idle, and the busier it is the more share one); and nothing waits for
 * more of a sweep than the slice that is being done. Calls of one turn were made without waiting for one another; those
 * of one kind keep their order.
 */
import { packError, type Answer, type Call } from './protocol.ts';

/** Calls of one turn. */
const MOST = 200;

export type Kind = 'read' | 'write' | 'lease' | 'sweep';

export interface TurnContext {
  readonly kindOf: (method: string) => Kind;
  readonly perform: (call: Call) => unknown;
  /** Runs `work` in one transaction, with a sync at its end unless it is of a kind that needs none. */
  readonly transaction: <T>(kind: Kind, work: () => T) => T;
  /** Would another call fail as this one did? */
  readonly isOutage: (error: unknown) => boolean;
  /** As the caller shall see it. */
  readonly asOurs: (error: unknown) => unknown;
  /** What else has arrived by now. */
  readonly receive: () => readonly Call[];
  readonly answer: (answers: readonly Answer[]) => void;
}

export class Turns {
  readonly #context: TurnContext;
  #queue: Call[] = [];

  constructor(context: TurnContext) {
    this.#context = context;
  }

  /** Does these calls, and all that arrive meanwhile. */
  run(calls: readonly Call[]): void {
    this.#queue.push(...calls);
    while (this.#queue.length > 0) {
      this.#queue.push(...this.#context.receive());
      this.#turn();
    }
  }

  #turn(): void {
    const { kindOf, answer } = this.#context;
    const calls = this.#queue.splice(0, MOST);
    const of = (kind: Kind) => calls.filter(({ method }) => kindOf(method) === kind);
    const [reads, writes, leases, sweeps] = [of('read'), of('write'), of('lease'), of('sweep')];
    if (reads.length > 0) answer(reads.map((call) => this.#alone(call)));
    if (writes.length > 0) answer(this.#together('write', writes));
    if (leases.length > 0) answer(this.#together('lease', leases));
    for (const sweep of sweeps) answer(this.#together('sweep', [sweep]));
  }

  #alone(call: Call): Answer {
    try {
      return { id: call.id, value: this.#context.perform(call) };
    } catch (error) {
      return this.#failed(call, error);
    }
  }

  /** When one of them fails each is done by itself, so that one bad call harms no other. */
  #together(kind: Kind, calls: readonly Call[]): readonly Answer[] {
    const { perform, transaction, isOutage } = this.#context;
    try {
      return transaction(kind, () => calls.map((call) => ({ id: call.id, value: perform(call) })));
    } catch (error) {
      if (calls.length === 1 || isOutage(error)) return calls.map((call) => this.#failed(call, error));
      return calls.flatMap((call) => this.#together(kind, [call]));
    }
  }

  #failed({ id }: Call, error: unknown): Answer {
    return { id, thrown: packError(this.#context.asOurs(error)) };
  }
}
