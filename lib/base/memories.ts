/** All memories of the process that have a bound, by name: whoever asks why it grows sees which one fills, and how far it may. */

export interface Memory {
  readonly name: string;
  /** Entries in it now, and at most. Of several with one name (two silos in a process): the sum. */
  readonly entries: number;
  readonly most: number;
}

interface Bounded {
  readonly size: number;
  readonly most: number;
}

/** They are held weakly: what a closed silo had must be able to go. */
const known = new Map<string, Set<WeakRef<Bounded>>>();

/** @param name a word for what it remembers; the same one for each of its kind */
export function noteMemory(name: string, memory: Bounded): void {
  const all = known.get(name) ?? new Set();
  known.set(name, all.add(new WeakRef(memory)));
}

/** By name. */
export function memories(): readonly Memory[] {
  return [...known].map(([name, all]) => sumOf(name, all)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function sumOf(name: string, all: Set<WeakRef<Bounded>>): Memory {
  let entries = 0;
  let most = 0;
  for (const reference of all) {
    const memory = reference.deref();
    if (memory === undefined) all.delete(reference);
    entries += memory?.size ?? 0;
    most += memory?.most ?? 0;
  }
  return { name, entries, most };
}
