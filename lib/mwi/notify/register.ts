/** What a REGISTER means for lamps: the device can be reached, at last or again. */
import type { Next, SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import { readRegistration, type Registration } from '../../sip/read/registration.ts';
import type { MwiSettings } from '../request/options.ts';
import { ownContact } from './subscription.ts';
import type { Unsolicited } from './unsolicited.ts';
import type { Watchers } from './watchers.ts';

export interface RegistererDependencies {
  readonly watchers: Watchers;
  readonly unsolicited: Unsolicited;
  readonly settings: MwiSettings;
}

/** Handles a REGISTER on its way to the registrar, whose 2xx counts. */
export function createRegisterer({ watchers, unsolicited, settings }: RegistererDependencies) {
  return (req: SipRequest, res: SipResponse, next: Next): void => {
    // Most refreshes end here: nobody watches, and nobody is told unasked.
    const idle = settings.unsolicited === 'off' && watchers.size === 0;
    const registration = idle ? undefined : registrationOf(req, settings);
    if (registration && registration.kind !== 'query')
      res.once('end', ({ status }) => {
        if (status < 200 || status >= 300) return;
        for (const { notifier } of watchers.of(registration.aor)) notifier.reachable();
        unsolicited.registered(registration, ownContact(req));
      });
    next();
  };
}

/** What the REGISTER says; undefined when it can't be read (the registrar will say so). */
function registrationOf(req: SipRequest, settings: MwiSettings): Registration | undefined {
  if (req.method !== 'REGISTER') return undefined;
  try {
    return readRegistration(req, settings);
  } catch {
    return undefined;
  }
}
