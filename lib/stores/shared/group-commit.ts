/**
 * Group commit: calls that arrive while a batch is under way share the next one.
 * No added wait when idle, large batches when busy; one batch at a time keeps the order of arrival.
 */
interface Entry<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Item, Result> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #max: number;
  #queue: Entry<Item, Result>[] = [];
  #running = false;

  /**
   * @param run performs a batch in one transaction; its answer has one entry per item, in order.
   *   When it rejects, a batch of several is tried again one by one, so that one bad item harms only itself.
   * @param max items per batch
   */
  constructor(run: (items: readonly Item[]) => Promise<readonly Result[]>, max = 200) {
    this.#run = run;
    this.#max = max;
  }

  add(item: Item): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      if (!this.#running) {
        this.#running = true;
        // One turn of the loop, so that requests read from one socket buffer share a commit.
        setImmediate(() => void this.#drain());
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#max);
      await this.#perform(batch);
    }
    this.#running = false;
  }

  async #perform(batch: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map((entry) => entry.item));
      batch.forEach((entry, index) => {
        entry.resolve(results[index] as Result);
      });
    } catch (error) {
      if (batch.length === 1 || isUnavailable(error)) for (const entry of batch) entry.reject(error);
      else for (const entry of batch) await this.#perform([entry]);
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'SILO_STORE_UNAVAILABLE'
  );
}
