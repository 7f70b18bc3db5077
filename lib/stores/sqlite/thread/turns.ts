/**
 * The calls of the thread, in turns: each takes what has come in since the one before.
 *
 *   reads ──► answers    writes, in one transaction ──► commit ──► answers    leases ──► answers
 *
 * So no read waits for the disk, all writes of a turn share one sync of it (group commit: none waits when the thread is
 * idle, and the busier it is the more share one), and a turn is as short as its longest slice. Calls of one turn were
 * made without waiting for one another; those of one kind keep their order.
 */
import { packError, type Answer, type Call } from './protocol.ts';

/** Calls of one turn. */
const MOST = 200;

export interface TurnContext {
  readonly kindOf: (method: string) => 'read' | 'write' | 'lease';
  readonly perform: (call: Call) => unknown;
  /** Runs `work` in one transaction. */
  readonly transaction: <T>(work: () => T) => T;
  /** Would another call fail as this one did? */
  readonly isOutage: (error: unknown) => boolean;
  /** As the caller shall see it. */
  readonly asOurs: (error: unknown) => unknown;
  readonly answer: (answers: readonly Answer[]) => void;
  /** Nothing is left to do. */
  readonly onIdle: () => void;
}

export class Turns {
  readonly #context: TurnContext;
  #queue: Call[] = [];
  #scheduled = false;

  constructor(context: TurnContext) {
    this.#context = context;
  }

  get idle(): boolean {
    return !this.#scheduled;
  }

  add(calls: readonly Call[]): void {
    this.#queue.push(...calls);
    this.#schedule();
  }

  /** After everything that has arrived by then. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
      if (this.#queue.length > 0) this.#schedule();
      else this.#context.onIdle();
    });
  }

  #turn(): void {
    const { kindOf, answer } = this.#context;
    const calls = this.#queue.splice(0, MOST);
    const of = (kind: string) => calls.filter(({ method }) => kindOf(method) === kind);
    const [reads, writes, leases] = [of('read'), of('write'), of('lease')];
    if (reads.length > 0) answer(reads.map((call) => this.#alone(call)));
    if (writes.length > 0) answer(this.#together(writes));
    if (leases.length > 0) answer(leases.map((call) => this.#alone(call)));
  }

  #alone(call: Call): Answer {
    try {
      return { id: call.id, value: this.#context.perform(call) };
    } catch (error) {
      return this.#failed(call, error);
    }
  }

  /** When one of them fails each is done by itself, so that one bad call harms no other. */
  #together(calls: readonly Call[]): readonly Answer[] {
    const { perform, transaction, isOutage } = this.#context;
    try {
      return transaction(() => calls.map((call) => ({ id: call.id, value: perform(call) })));
    } catch (error) {
      if (calls.length === 1 || isOutage(error)) return calls.map((call) => this.#failed(call, error));
      return calls.flatMap((call) => this.#together([call]));
    }
  }

  #failed({ id }: Call, error: unknown): Answer {
    return { id, thrown: packError(this.#context.asOurs(error)) };
  }
}
