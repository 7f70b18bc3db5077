/** Devices that register while a message for them is being stored. */

export interface RegistrationRace {
  /** Did a device of this AoR register since we began to look? */
  readonly happened: () => boolean;
  readonly end: () => void;
}

export interface RegistrationRaces {
  readonly watch: (aor: string) => RegistrationRace;
  /** A device of this AoR has registered. */
  readonly note: (aor: string) => void;
}

export function createRegistrationRaces(): RegistrationRaces {
  const watchers = new Map<string, Set<{ registered: boolean }>>();
  return {
    watch: (aor) => {
      const watcher = { registered: false };
      const all = watchers.get(aor) ?? new Set();
      watchers.set(aor, all.add(watcher));
      return {
        happened: () => watcher.registered,
        end: () => {
          all.delete(watcher);
          if (all.size === 0 && watchers.get(aor) === all) watchers.delete(aor);
        },
      };
    },
    note: (aor) => {
      for (const watcher of watchers.get(aor) ?? []) watcher.registered = true;
    },
  };
}
