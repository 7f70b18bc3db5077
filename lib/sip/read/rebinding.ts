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
  /** Those of the bindings there that go, by the keys under which they were given. */
  readonly drop: readonly string[];
}

/** `older`: what is stored has the same Call-ID and no lower CSeq; `too many`: there would be more contacts than may be. */
export type RebindingRefusal = 'older' | 'too many';

/** @param current the unexpired bindings of the AoR, each under a key of its own */
export function rebind(
  current: ReadonlyMap<string, Binding>,
  { callId, cseq, contacts, maxContacts }: Rebinding,
  now: number,
): BindingChange | RebindingRefusal {
  const older = (binding: Binding) => binding.callId === callId && cseq <= binding.cseq;
  if (contacts === '*') {
    if ([...current.values()].some(older)) return 'older';
    return { put: [], drop: [...current.keys()] };
  }
  let put: readonly Binding[] = [];
  const drop = new Set<string>();
  for (const binding of contacts) {
    const replaced = [...current].filter(([, known]) => replaces(binding, known, now));
    if (replaced.some(([, known]) => older(known))) return 'older';
    for (const [key] of replaced) drop.add(key);
    put = put.filter((earlier) => !repeats(binding, earlier, now));
    if (binding.expires > now) put = [...put, binding];
    if (put.length > maxContacts) return 'too many';
  }
  if (put.length > 0 && current.size - drop.size + put.length > maxContacts) return 'too many';
  return { put, drop: [...drop] };
}

/**
 * What tells the bindings of an AoR apart: the instance with its reg-id, whatever the contact is now (RFC 5626 6), else the
 * contact. The contact is in it all the same, so that two bindings with one name have one contact.
 */
export function flowOf({ contact, instance, regId }: Binding): string {
  return instance === undefined ? contact : `${contact}\n<${instance}>${regId ?? ''}`;
}

/** Does what a REGISTER names stand for this binding? */
function replaces(binding: Binding, known: Binding, now: number): boolean {
  if (binding.instance === undefined && known.instance === undefined)
    return sameUri(binding.contact, known.contact);
  if (binding.instance === known.instance && binding.regId === known.regId) return true;
  const goes = binding.expires <= now;
  const anyFlow = binding.instance === undefined || binding.instance === known.instance;
  if (goes && binding.regId === undefined && anyFlow) return sameUri(binding.contact, known.contact);
  // One of the two has another instance, or none. Phones behind several NATs may have one contact: it is the same phone,
  // which forgot what it was called, where it comes the same way.
  return (
    binding.instance !== known.instance && sameUri(binding.contact, known.contact) && sameWay(binding, known)
  );
}

/**
 * Contacts are taken in their order (RFC 3261 10.3 step 7): does this one say something else of the same as an earlier one of its
 * REGISTER? A device may be at several addresses at once, under one instance (RFC 5627 5.1).
 */
function repeats(binding: Binding, earlier: Binding, now: number): boolean {
  const sameFlow = binding.regId !== undefined || sameUri(binding.contact, earlier.contact);
  return sameFlow && replaces(binding, earlier, now);
}

function sameWay(one: Binding, other: Binding): boolean {
  return (
    one.path.join() === other.path.join() &&
    one.source.address === other.source.address &&
    one.source.port === other.source.port
  );
}
