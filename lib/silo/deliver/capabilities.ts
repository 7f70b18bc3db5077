/**
 * What devices have said that they can't do: MESSAGE at all (405, 501), or a type of content (415). Remembered until the
 * device's User-Agent or Allow changes, in this process only: after a restart each is asked once more.
 */
import { sha256 } from '../../base/sha256.ts';
import { BoundedMap, BoundedSet, forgetKeys } from '../../base/bounded-map.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { parseContentType, splitList } from '../../sip/read/headers.ts';
import { isSecure } from '../../sip/read/next-hop.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import { wantsSecureWay } from '../receive/kept-headers.ts';
import { deviceOf } from '../state/bindings.ts';

const MOST = 100_000;
const MOST_TYPES = 20;

/** A device that has refused the type of another message: what it would answer, without asking it. */
export const SAME_TYPE = {
  status: 415,
  reason: 'the device has refused this type before',
  origin: 'peer',
  header: () => undefined,
} as const;

export interface Capabilities {
  /** It answered that it can't do MESSAGE. */
  incapable(binding: Binding): void;
  /** It refused a message: when it is with 415 and an Accept without this type, it can't do the type. */
  refused(binding: Binding, contentType: string, answer: Pick<Answer, 'status' | 'header'>): void;
  takesMessages(binding: Binding): boolean;
  /** Nothing is known of the devices of this AoR any more. */
  forget(aor: string): void;
  takesType(binding: Binding, contentType: string): boolean;
}

interface Known {
  /** What the device was when it said so. */
  readonly fingerprint: string;
  incapable: boolean;
  readonly types: Set<string>;
}

export function createCapabilities(): Capabilities {
  const known = new BoundedMap<string, Known>(MOST, 'device-capabilities');

  function of(binding: Binding): Known | undefined {
    const name = nameOf(binding);
    const found = known.get(name);
    if (found === undefined || found.fingerprint === fingerprintOf(binding)) return found;
    known.delete(name);
    return undefined;
  }

  function note(binding: Binding): Known {
    const noted = of(binding) ?? {
      fingerprint: fingerprintOf(binding),
      incapable: false,
      types: new BoundedSet<string>(MOST_TYPES),
    };
    known.set(nameOf(binding), noted);
    return noted;
  }

  return {
    incapable: (binding) => {
      note(binding).incapable = true;
    },
    refused: (binding, contentType, { status, header }) => {
      // RFC 3261 21.4.13. Without Accept it may be this one message: its character set, or what is inside.
      const accept = status === 415 ? header('Accept') : undefined;
      if (accept === undefined || accepts(accept, typeOf(contentType))) return;
      note(binding).types.add(typeOf(contentType));
    },
    forget: (aor) => forgetKeys(known, (name) => name.startsWith(`${aor} `)),
    takesMessages: (binding) => of(binding)?.incapable !== true,
    takesType: (binding, contentType) => of(binding)?.types.has(typeOf(contentType)) !== true,
  };
}

/**
 * How a message remembers that a device refused it. A refusal of its type holds as long as the device stays what it is,
 * any other for good.
 */
export function refusalOf(binding: Binding, status: number): string {
  if (status !== 415) return deviceOf(binding);
  return `${deviceOf(binding)} ${sha256(fingerprintOf(binding)).slice(0, 16)}`;
}

export function hasRefused(refusedBy: readonly string[], binding: Binding): boolean {
  return refusedBy.includes(refusalOf(binding, 0)) || refusedBy.includes(refusalOf(binding, 415));
}

/** May the message go to this device, by what its sender asked for? A `sips:` one waits for a device with a secure way. */
export function isSecureEnough(message: NewMessage, binding: Binding, outboundProxy: string): boolean {
  return !wantsSecureWay(message) || isSecure(binding, outboundProxy);
}

/** A device of one AoR: a device of another one with the same instance may be able to do more. */
function nameOf(binding: Binding): string {
  return `${binding.aor} ${deviceOf(binding)}`;
}

function fingerprintOf({ userAgent, methods = '' }: Binding): string {
  return `${userAgent}\n${methods}`;
}

function typeOf(contentType: string): string {
  return parseContentType(contentType)?.type ?? '';
}

/** Does this Accept header (RFC 3261 20.1) name the type, or a range that it is in? */
function accepts(accept: string, type: string): boolean {
  const wanted = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*'];
  return splitList(accept).some((entry) => wanted.includes((entry.split(';')[0] ?? '').trim().toLowerCase()));
}
