/** The bindings of the built-in registrar. */
import type { Binding } from '../../sip/read/binding.ts';
import type { Rebinding, RebindingRefusal } from '../../sip/read/rebinding.ts';

/** What a REGISTER asks for one AoR. */
export interface Registering extends Rebinding {
  readonly aor: string;
  readonly now: number;
}

/** The unexpired bindings afterwards, or why nothing was changed. */
export type Registered = { readonly bindings: readonly Binding[] } | { readonly refused: RebindingRefusal };

/** The bindings of the built-in registrar. */
export interface BindingStore {
  /** Unexpired bindings of an AoR. */
  bindings(aor: string, now: number): Promise<readonly Binding[]>;
  /** Those of the AoRs that have an unexpired binding. */
  registeredAmong(aors: readonly string[], now: number): Promise<readonly string[]>;
  /** Changes the bindings of an AoR in one step: nobody else changes them between the look at them and the change. */
  register(registering: Registering): Promise<Registered>;
  /** Removes bindings that expired before `now`. */
  expireBindings(now: number, limit: number): Promise<number>;
}
