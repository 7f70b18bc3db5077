/** A map whose entries all live equally long: insertion order is the order of expiry, so one timer serves all. */
export class Expiring<V> {
  readonly #life: number;
  readonly #onExpiry: ((key: string, value: V) => void) | undefined;
  readonly #entries = new Map<string, { readonly value: V; readonly ends: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(life: number, onExpiry?: (key: string, value: V) => void) {
    this.#life = life;
    this.#onExpiry = onExpiry;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Adds or renews: a renewed entry starts its whole life again. */
  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, ends: performance.now() + this.#life });
    if (this.#timer === undefined) this.#arm(this.#life);
  }

  delete(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry) this.#entries.delete(key);
    return entry?.value;
  }

  values(): V[] {
    return [...this.#entries.values()].map((entry) => entry.value);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#entries.clear();
  }

  #arm(wait: number): void {
    this.#timer = setTimeout(() => this.#sweep(), wait);
    this.#timer.unref();
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [key, entry] of this.#entries) {
      if (entry.ends > now) {
        // A few milliseconds more, so that a busy table is swept in batches.
        this.#arm(entry.ends - now + 5);
        return;
      }
      this.#entries.delete(key);
      this.#onExpiry?.(key, entry.value);
    }
  }
}
