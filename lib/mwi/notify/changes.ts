/** Which phones are told when the summary of a mailbox may have changed: those that subscribed, and those that never do. */
import type { Subscription } from '../../stores/contract/mwi.ts';
import { forEach } from './each.ts';
import type { ServedSubscriptions } from './served.ts';
import type { Unsolicited } from './unsolicited.ts';

/** Milliseconds after which a mailbox that was not watched before is looked at once more. */
const SECOND_LOOK = 1500;

export interface ChangesContext {
  readonly served: ServedSubscriptions;
  readonly unsolicited: Unsolicited;
}

export interface Changes {
  /** The state of this mailbox may have changed. */
  readonly changed: (mailbox: string) => void;
  /** A device watches this mailbox from now on, by a subscription. */
  readonly subscribed: (mailbox: string, subscription: Subscription) => void;
}

export function createChanges({ served, unsolicited }: ChangesContext): Changes {
  function changed(mailbox: string): void {
    forEach(served.of(mailbox), (subscription) => subscription.changed());
    unsolicited.changed(mailbox);
  }
  return {
    changed,
    subscribed: (mailbox, subscription) => {
      unsolicited.subscribed(mailbox, subscription);
      // A message that was being stored before the subscription was has been told to no phone.
      setTimeout(() => changed(mailbox), SECOND_LOOK).unref();
    },
  };
}
