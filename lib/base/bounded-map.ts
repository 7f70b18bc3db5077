/** Memories with a bound: what was set longest ago is forgotten first, so that nothing a stranger sends can fill them. */

/** A map of at most `most` entries; setting one again makes it the newest. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.#most) this.delete(oldest as K);
    return this;
  }
}

/** A set of at most `most` values; adding one again makes it the newest. */
export class BoundedSet<T> extends Set<T> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override add(value: T): this {
    this.delete(value);
    super.add(value);
    const [oldest] = this;
    if (this.size > this.#most) this.delete(oldest as T);
    return this;
  }
}
