/** Where a long run is: one line that changes on a terminal, a line for each step elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #steps: number;
  readonly #start = performance.now();
  #done = 0;
  #step = '';

  /** @param steps how many there will be */
  constructor(out: NodeJS.WriteStream, steps: number) {
    this.#out = out;
    this.#steps = steps;
  }

  begins(step: string): void {
    this.#step = step;
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K[${this.#done}/${this.#steps}] ${step} … ${this.#left()}`);
  }

  ends(outcome: string): void {
    this.#done++;
    this.#out.write(
      `${this.#out.isTTY ? '\r\x1b[K' : ''}[${this.#done}/${this.#steps}] ${this.#step}: ${outcome}\n`,
    );
  }

  /** As long for each step as up to now. */
  #left(): string {
    if (this.#done === 0) return '';
    const seconds = ((performance.now() - this.#start) / 1000 / this.#done) * (this.#steps - this.#done);
    return `about ${Math.ceil(seconds / 60)} min left`;
  }
}
