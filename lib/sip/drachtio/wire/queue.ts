/** First in, first out; an array's `shift` moves all the others. */
export class Queue<T> {
  #in: T[] = [];
  /** The first one last. */
  #out: T[] = [];

  get size(): number {
    return this.#in.length + this.#out.length;
  }

  add(entry: T): void {
    this.#in.push(entry);
  }

  /** The next one; it stays. */
  peek(): T | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse();
      this.#in = [];
    }
    return this.#out.at(-1);
  }

  take(): T | undefined {
    const next = this.peek();
    this.#out.pop();
    return next;
  }
}
