/** Lets go what waits, as far as it may, and what is over makes room for the next one. */

/** `over` is to be called when it needs its place no more; once, or more often: only the first counts. */
export type Go = (over: () => void) => void;

export class Gate {
  readonly #take: (underWay: number) => Go | undefined;
  #underWay = 0;
  #generation = 0;
  #draining = false;
  #whenEmpty: (() => void)[] = [];

  /** @param take the next one, if it may go while so many are under way; with none under way whatever is next may */
  constructor(take: (underWay: number) => Go | undefined) {
    this.#take = take;
  }

  /** Not within itself: thousands that are over as they go would be as many calls deep. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let go = this.#take(this.#underWay); go; go = this.#take(this.#underWay)) this.#start(go);
    } finally {
      this.#draining = false;
    }
    if (this.#underWay === 0) this.#isEmpty();
  }

  /** Resolves when nothing is under way. */
  empty(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** The connection is gone: nothing is under way any more, and whoever waited learns of it by trying. */
  reset(): void {
    this.#generation++;
    this.#underWay = 0;
    this.#isEmpty();
    for (let go = this.#take(0); go; go = this.#take(0)) go(() => undefined);
  }

  #isEmpty(): void {
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #start(go: Go): void {
    this.#underWay++;
    const mine = this.#generation;
    let called = false;
    const over = () => {
      if (called || mine !== this.#generation) return;
      called = true;
      this.#underWay--;
      this.drain();
    };
    try {
      go(over);
    } catch (error) {
      over();
      throw error;
    }
  }
}
