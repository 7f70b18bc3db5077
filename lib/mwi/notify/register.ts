/** What a REGISTER means for MWI: the device can be reached, at last or again. */
import type { Next, SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import { readRegistration, type Registration } from '../../sip/read/registration.ts';
import { ownContact } from '../request/contact.ts';
import type { MwiSettings } from '../request/options.ts';
import { forEach } from './each.ts';
import type { ServedSubscriptions } from './served.ts';
import type { Unsolicited } from './unsolicited.ts';

export interface RegisterContext {
  readonly served: ServedSubscriptions;
  readonly unsolicited: Unsolicited;
  readonly settings: MwiSettings;
}

/** Handles a REGISTER on its way to the registrar, whose 2xx counts. */
export function onRegister(context: RegisterContext, req: SipRequest, res: SipResponse, next: Next): void {
  const { served, unsolicited, settings } = context;
  // Most refreshes end here: no subscription is served, and no device is told unasked.
  const idle = settings.unsolicited === 'off' && served.size === 0;
  const registration = idle ? undefined : registrationOf(req, settings);
  if (registration && registration.kind !== 'query')
    res.once('end', ({ status }) => {
      if (status < 200 || status >= 300) return;
      forEach(served.of(registration.aor), (subscription) => subscription.reachable());
      unsolicited.registered(registration, ownContact(req));
    });
  next();
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
