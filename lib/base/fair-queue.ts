/** A queue of queues: one group (a domain, a next hop) can't keep the others waiting. */
export interface FairQueue<T> {
  readonly add: (group: string, item: T) => void;
  /** The next item of the group whose turn it is, of those groups that `may` serve now. */
  readonly take: (may?: (group: string) => boolean) => T | undefined;
  readonly size: number;
}

export function createFairQueue<T>(): FairQueue<T> {
  // The order of the groups in the map is the order of their turns; lists are read from the front by index.
  const groups = new Map<string, { items: T[]; head: number }>();
  let size = 0;
  return {
    add: (group, item) => {
      const list = groups.get(group) ?? { items: [], head: 0 };
      list.items.push(item);
      groups.set(group, list);
      size++;
    },
    take: (may = () => true) => {
      for (const [group, list] of groups) {
        if (!may(group)) continue;
        const item = list.items[list.head] as T;
        list.head++;
        size--;
        // Served: to the end of the turns, or gone when it has no more.
        groups.delete(group);
        if (list.head < list.items.length) groups.set(group, compact(list));
        return item;
      }
      return undefined;
    },
    get size() {
      return size;
    },
  };
}

function compact<T>(list: { items: T[]; head: number }): { items: T[]; head: number } {
  return list.head > 1000 && list.head * 2 > list.items.length
    ? { items: list.items.slice(list.head), head: 0 }
    : list;
}
