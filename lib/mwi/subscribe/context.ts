/** What the steps of a SUBSCRIBE share. */
import type { SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import type { ServedSubscriptions } from '../notify/served.ts';
import type { Subscriptions } from '../notify/subscriptions.ts';
import type { Access } from '../request/access.ts';
import type { Limits } from '../request/event-package.ts';
import type { MwiSettings } from '../request/options.ts';
import type { Summaries } from '../state/summaries.ts';
import type { Dialog } from './read.ts';

export interface SubscribeContext {
  readonly port: Port;
  readonly store: MwiStore;
  readonly access: Access;
  readonly served: ServedSubscriptions;
  readonly subscriptions: Subscriptions;
  readonly summaries: Summaries;
  readonly settings: MwiSettings;
  readonly now: () => number;
  /** Name of this process among the runs of this node. */
  readonly run: string;
  /** Dialogs whose first SUBSCRIBE is being served. */
  readonly beginning: Set<string>;
  /** A device watches this mailbox from now on. */
  readonly subscribed: (mailbox: string, subscription: Subscription) => void;
}

/** A SUBSCRIBE for our package. */
export interface Asked {
  readonly req: SipRequest;
  readonly res: SipResponse;
  readonly dialog: Dialog;
  readonly eventId: string;
}

export function limitsOf({ settings }: Pick<SubscribeContext, 'settings'>): Limits {
  const { minSubscription: min, maxSubscription: max, defaultSubscription: fallback } = settings;
  return { min, max, fallback };
}
