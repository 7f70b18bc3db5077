/** What a session is given, and how it ends. Its messages leave one after another: to the first device that takes each, or to all. */
import type { Binding } from '../../../sip/read/binding.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { Store } from '../../../stores/contract/store.ts';
import type { Boxes } from '../../state/boxes.ts';
import type { SiloEmitter } from '../../state/events.ts';
import type { Wake } from '../../state/wake.ts';
import type { AttemptContext } from '../attempt.ts';
import type { Capabilities } from '../capabilities.ts';

/** Messages that are read at a time. */
export const PAGE = 20;

/** What all sessions share. */
export interface DeliveryContext extends Omit<AttemptContext, 'mayGoOn' | 'onLeaving'> {
  readonly store: Store;
  readonly events: SiloEmitter;
  readonly boxes: Pick<Boxes, 'mark'>;
  /** What devices have said that they can't do. */
  readonly capabilities: Capabilities;
}

/** What one session has to itself. */
export interface SessionContext extends DeliveryContext, AttemptContext {
  readonly lease: Lease;
  readonly why: Wake;
  readonly devices: SessionDevices;
  /** Messages to deliver at the most (msilo's `maxmsg`); what is left waits for the next wake. */
  readonly limit: number;
}

/** The devices of the box. */
export interface SessionDevices {
  /** Those that this node can send to now, the best first; asked for before each message, so it is cheap. */
  reachable(): Promise<readonly Binding[]>;
  /** All that are registered, whichever node reaches them. */
  registered(): Promise<readonly Binding[]>;
  /** Can the device take messages? */
  able(binding: Binding): boolean;
  /** Calls the listener when the box is woken or its devices change; the result ends that. */
  onNews(listener: () => void): () => void;
}

/** How a session ended, and with that when the box is to be served again. */
export type SessionEnd =
  /** Nothing waits. */
  | { readonly kind: 'empty'; readonly mark: number }
  /** Something waits for a device: another one, or this one when it registers again. */
  | { readonly kind: 'waits' }
  /** The head is in back-off until this time. */
  | { readonly kind: 'until'; readonly time: number }
  /** Cut short (the lease ran out, the way is closed, the box was changed by another node): again after so many ms. */
  | Again;

export interface Again {
  readonly kind: 'again';
  readonly ms: number;
}

export const AGAIN: Again = { kind: 'again', ms: 1000 };
