/**
 * A map whose entries all live equally long: insertion order is the order of expiry, so one timer serves all. With a bound
 * on the weight of all entries the oldest ones go early: what strangers send must not fill the memory.
 */
export interface ExpiringOptions<V> {
  /** Milliseconds that an entry lives. */
  readonly life: number;
  /** Told of each entry that goes by itself, in time or early. */
  readonly onExpiry?: (key: string, value: V) => void;
  /** Bytes that an entry stands for, and all of them together may. */
  readonly weigh?: (value: V) => number;
  readonly mostWeight?: number;
}

interface Entry<V> {
  readonly value: V;
  readonly ends: number;
  readonly weight: number;
}

export class Expiring<V> {
  readonly #options: ExpiringOptions<V>;
  readonly #entries = new Map<string, Entry<V>>();
  #weight = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ExpiringOptions<V>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get weight(): number {
    return this.#weight;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Adds or renews: a renewed entry starts its whole life again. */
  set(key: string, value: V): void {
    const { life, weigh, mostWeight = Infinity } = this.#options;
    this.delete(key);
    const weight = weigh === undefined ? 0 : weigh(value) + key.length;
    this.#entries.set(key, { value, ends: performance.now() + life, weight });
    this.#weight += weight;
    while (this.#weight > mostWeight) this.#expireOldest();
    if (this.#timer === undefined) this.#arm(life);
  }

  delete(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
    return entry.value;
  }

  values(): V[] {
    return [...this.#entries.values()].map((entry) => entry.value);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#entries.clear();
    this.#weight = 0;
  }

  #expireOldest(): void {
    for (const [key, { value }] of this.#entries) {
      this.delete(key);
      this.#options.onExpiry?.(key, value);
      return;
    }
  }

  #arm(wait: number): void {
    this.#timer = setTimeout(() => this.#sweep(), wait);
    this.#timer.unref();
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const entry of this.#entries.values()) {
      if (entry.ends > now) {
        // A few milliseconds more, so that a busy table is swept in batches.
        this.#arm(entry.ends - now + 5);
        return;
      }
      this.#expireOldest();
    }
  }
}
