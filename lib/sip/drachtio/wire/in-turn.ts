/**
 * So many requests of ours at a time, and nobody's hold up those of others: kinds (a NOTIFY, a MESSAGE) take turns, and within a kind those
 * whom they are for. First come, first served, one person's thousand slow phones would be waited for by all.
 */
import { createFairQueue, type FairQueue } from '../../../base/fair-queue.ts';
import { Gate, type Go } from './gate.ts';

export interface Turn {
  /** The method. */
  readonly kind: string;
  readonly whom: string;
}

export class InTurn {
  /** The order in the map is that of the turns. */
  readonly #waiting = new Map<string, FairQueue<Go>>();
  readonly #gate: Gate;

  /** @param most requests at a time */
  constructor(most: number) {
    this.#gate = new Gate((underWay) => (underWay < most ? this.#take() : undefined));
  }

  /** Calls `go` when the turn has come: at once in the common case. */
  enter({ kind, whom }: Turn, go: Go): void {
    const line = this.#waiting.get(kind) ?? createFairQueue<Go>();
    line.add(whom, go);
    this.#waiting.set(kind, line);
    this.#gate.drain();
  }

  /** The connection is gone: nothing is under way any more, and all that wait have their turn. */
  reset(): void {
    this.#gate.reset();
  }

  #take(): Go | undefined {
    for (const [kind, line] of this.#waiting) {
      const go = line.take();
      this.#waiting.delete(kind);
      if (line.size > 0) this.#waiting.set(kind, line);
      return go;
    }
    return undefined;
  }
}
