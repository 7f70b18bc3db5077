/** Which devices an AoR has: asked of a registrar, or seen in the REGISTERs that pass. */
import { bindingsOf } from '../../sip/read/binding.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { flowOf, rebind } from '../../sip/read/rebinding.ts';
import type { Registration } from '../../sip/read/registration.ts';

/** The registrar, as far as the silo needs it. */
export interface BindingSource {
  /** True when it knows only some of the devices (those that registered here): none known does not mean none. */
  readonly partial?: boolean;
  /** Unexpired bindings of an AoR. */
  find(aor: string): Promise<readonly Binding[]>;
  /** Those of the AoRs that have an unexpired binding. */
  among(aors: readonly string[]): Promise<readonly string[]>;
}

/** A source that the silo itself feeds with the REGISTERs it sees. */
export interface ObservedBindings extends BindingSource {
  observe(registration: Registration): void;
  /** Nothing is known of the devices of this AoR any more. */
  forget(aor: string): void;
}

/**
 * For host apps with a registrar of their own: remembers the devices whose REGISTER got a 2xx on this node.
 * After a restart it is empty; a message for a device that it does not know is stored, and leaves at the next refresh.
 */
export function observedBindings(now: () => number): ObservedBindings {
  const byAor = new Map<string, Map<string, Binding>>();

  function live(aor: string): Binding[] {
    const contacts = byAor.get(aor);
    if (!contacts) return [];
    for (const [contact, binding] of contacts) if (binding.expires <= now()) contacts.delete(contact);
    if (contacts.size === 0) byAor.delete(aor);
    return [...contacts.values()];
  }

  return {
    partial: true,
    find: (aor) => Promise.resolve(live(aor)),
    among: (aors) => Promise.resolve(aors.filter((aor) => live(aor).length > 0)),
    forget: (aor) => void byAor.delete(aor),
    observe: (registration) => {
      const { aor } = registration;
      if (registration.kind === 'clear') byAor.delete(aor);
      if (registration.contacts.length === 0) return;
      const contacts = byAor.get(aor) ?? new Map<string, Binding>();
      byAor.set(aor, contacts);
      live(aor);
      byAor.set(aor, contacts);
      const bindings = bindingsOf(registration, now());
      // Its registrar has said yes already, whatever the order of its answers.
      const change = rebind(
        contacts,
        { callId: '', cseq: 0, contacts: bindings, maxContacts: Infinity },
        now(),
      );
      if (typeof change === 'string') return;
      for (const key of change.drop) contacts.delete(key);
      for (const binding of change.put) contacts.set(flowOf(binding), binding);
    },
  };
}

/** What tells devices apart: the instance (RFC 5626), else the contact. */
export function deviceOf(binding: Binding): string {
  return binding.instance ?? binding.contact;
}
