/** What a REGISTER does to the bindings that are there (RFC 3261 10.3, steps 6 and 7; RFC 5626 6). */
import type { Binding } from './binding.ts';
import { sameUri } from './uri.ts';

/** What a REGISTER asks for: all of it is done, or nothing. */
export interface Rebinding {
  readonly callId: string;
  readonly cseq: number;
  /** Contacts that come or, when they expire not after the time of the request, go; `*`: every one goes. */
  readonly contacts: readonly Binding[] | '*';
  /** Contacts that the AoR may have. */
  readonly maxContacts: number;
}

/** What comes in the place of what. */
export interface BindingChange {
  readonly put: readonly Binding[];
  /** Contacts that go. */
  readonly drop: readonly string[];
}

/** `older`: what is stored has the same Call-ID and no lower CSeq; `too many`: there would be more contacts than may be. */
export type RebindingRefusal = 'older' | 'too many';

/** @param current the unexpired bindings of the AoR */
export function rebind(
  current: readonly Binding[],
  { callId, cseq, contacts, maxContacts }: Rebinding,
  now: number,
): BindingChange | RebindingRefusal {
  const older = (binding: Binding) => binding.callId === callId && cseq <= binding.cseq;
  if (contacts === '*') {
    if (current.some(older)) return 'older';
    return { put: [], drop: current.map((binding) => binding.contact) };
  }
  const put: Binding[] = [];
  const drop = new Set<string>();
  for (const binding of contacts) {
    const replaced = current.filter(
      (known) => sameUri(known.contact, binding.contact) || sameFlow(known, binding),
    );
    if (replaced.some(older)) return 'older';
    for (const known of replaced) drop.add(known.contact);
    if (binding.expires > now) put.push(binding);
  }
  if (put.length > 0 && current.length - drop.size + put.length > maxContacts) return 'too many';
  return { put, drop: [...drop] };
}

/** One instance and reg-id is one flow, whatever its contact is now (RFC 5626 6). */
function sameFlow(one: Binding, other: Binding): boolean {
  return one.instance !== undefined && one.instance === other.instance && one.regId === other.regId;
}
