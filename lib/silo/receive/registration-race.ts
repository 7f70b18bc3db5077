/** Devices that register while a message for them is being stored. */

export interface RegistrationRaces {
  readonly watch: (aor: string) => { readonly happened: () => boolean; readonly end: () => void };
  readonly note: (aor: string) => void;
}

/** Did a device of this AoR register since we began to look? */
export function createRegistrationRaces(): RegistrationRaces {
  const watchers = new Map<string, Set<{ arrived: boolean }>>();
  return {
    watch: (aor) => {
      const watcher = { arrived: false };
      const all = watchers.get(aor) ?? new Set();
      watchers.set(aor, all.add(watcher));
      return {
        happened: () => watcher.arrived,
        end: () => {
          all.delete(watcher);
          if (all.size === 0 && watchers.get(aor) === all) watchers.delete(aor);
        },
      };
    },
    note: (aor) => {
      for (const watcher of watchers.get(aor) ?? []) watcher.arrived = true;
    },
  };
}
