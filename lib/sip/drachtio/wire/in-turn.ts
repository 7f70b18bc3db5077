/**
 * So many requests of ours at a time, and nobody's hold up those of others: kinds (a NOTIFY, a MESSAGE) take turns, and within a kind those
 * whom they are for. First come, first served, one person's thousand slow phones would be waited for by all.
 */
import { createFairQueue, type FairQueue } from '../../../base/fair-queue.ts';

/** `over` is to be called when the request needs its place no more; once, or more often: only the first counts. */
type Go = (over: () => void) => void;

export interface Turn {
  /** The method. */
  readonly kind: string;
  readonly whom: string;
}

export class InTurn {
  readonly #most: number;
  /** The order in the map is that of the turns. */
  readonly #waiting = new Map<string, FairQueue<Go>>();
  #underWay = 0;
  #generation = 0;
  #draining = false;

  /** @param most requests at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Calls `go` when the turn has come: at once in the common case. */
  enter({ kind, whom }: Turn, go: Go): void {
    const line = this.#waiting.get(kind) ?? createFairQueue<Go>();
    line.add(whom, go);
    this.#waiting.set(kind, line);
    this.#drain();
  }

  /** The connection is gone: nothing is under way any more, and all that wait have their turn. */
  reset(): void {
    this.#generation++;
    this.#underWay = 0;
    for (let go = this.#take(); go; go = this.#take()) go(() => undefined);
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

  /** Not within itself: thousands that are over as they go would be as many calls deep. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#underWay < this.#most) {
        const go = this.#take();
        if (go === undefined) return;
        this.#start(go);
      }
    } finally {
      this.#draining = false;
    }
  }

  #start(go: Go): void {
    this.#underWay++;
    const mine = this.#generation;
    let called = false;
    const over = () => {
      if (called || mine !== this.#generation) return;
      called = true;
      this.#underWay--;
      this.#drain();
    };
    try {
      go(over);
    } catch (error) {
      over();
      throw error;
    }
  }
}
