/** The bindings of the built-in registrar. */
import type { Binding } from '../../sip/read/binding.ts';

/** What a REGISTER does to the bindings of one AoR. */
export interface BindingChange {
  readonly put: readonly Binding[];
  /** Contacts to remove. */
  readonly drop: readonly string[];
}

/** The bindings of the built-in registrar. */
export interface BindingStore {
  /** Unexpired bindings of an AoR. */
  bindings(aor: string, now: number): Promise<readonly Binding[]>;
  /** Those of the AoRs that have an unexpired binding. */
  registeredAmong(aors: readonly string[], now: number): Promise<readonly string[]>;
  /**
   * Changes the bindings of an AoR in one step: `change` sees the unexpired ones and may throw to refuse.
   * Returns the bindings afterwards. `change` may be called again after a deadlock.
   */
  register(
    aor: string,
    now: number,
    change: (current: readonly Binding[]) => BindingChange,
  ): Promise<readonly Binding[]>;
  /** Removes bindings that expired before `now`. */
  expireBindings(now: number, limit: number): Promise<number>;
}
