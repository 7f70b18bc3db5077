/** Memories with a bound: what was set longest ago is forgotten first, so that nothing a stranger sends can fill them. */
import { noteMemory } from './memories.ts';

/**
 * Goes through the keys in the order in which they were set, each of which is deleted then. Asked for anew each time, an iterator
 * would begin with the places of all that was deleted, thousands in a full map; one that is kept for ever would keep all tables
 * that the map had since.
 */
class Oldest<K> {
  readonly #most: number;
  readonly #keys: () => Iterator<K>;
  #going: Iterator<K> | undefined;
  #age = 0;

  constructor(most: number, keys: () => Iterator<K>) {
    this.#most = most;
    this.#keys = keys;
  }

  /** Something was set. */
  grew(): void {
    if (++this.#age <= this.#most) return;
    this.#age = 0;
    this.#going = undefined;
  }

  next(): K {
    let next = this.#going?.next();
    if (next === undefined || next.done === true) next = (this.#going = this.#keys()).next();
    return next.value as K;
  }
}

/** A map of at most `most` entries; setting one again makes it the newest. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly most: number;
  readonly #oldest: Oldest<K>;

  /** @param name what it remembers, for `memories()`; one that is part of another memory has none */
  constructor(most: number, name?: string) {
    super();
    this.most = most;
    this.#oldest = new Oldest(most, () => this.keys());
    if (name !== undefined) noteMemory(name, this);
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    this.#oldest.grew();
    if (this.size > this.most) this.delete(this.#oldest.next());
    return this;
  }
}

/** A set of at most `most` values; adding one again makes it the newest. */
export class BoundedSet<T> extends Set<T> {
  readonly most: number;
  readonly #oldest: Oldest<T>;

  /** @param name what it remembers, for `memories()`; one that is part of another memory has none */
  constructor(most: number, name?: string) {
    super();
    this.most = most;
    this.#oldest = new Oldest(most, () => this.values());
    if (name !== undefined) noteMemory(name, this);
  }

  override add(value: T): this {
    this.delete(value);
    super.add(value);
    this.#oldest.grew();
    if (this.size > this.most) this.delete(this.#oldest.next());
    return this;
  }
}

/** Deletes the keys of which this is true. */
export function forgetKeys<K>(from: Map<K, unknown> | Set<K>, which: (key: K) => boolean): void {
  for (const key of from.keys()) if (which(key)) from.delete(key);
}
