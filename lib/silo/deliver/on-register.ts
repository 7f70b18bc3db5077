/** A REGISTER passes on its way to the registrar: after its 2xx has gone out, the box of each live contact is woken. */
import type { Handler } from '../../sip/drachtio/messages.ts';
import { registrationOf, type Registration } from '../../sip/read/registration.ts';
import type { RegistrationRaces } from '../receive/registration-race.ts';
import type { ObservedBindings } from '../state/bindings.ts';
import type { SiloContext } from '../state/context.ts';
import type { UnreachableDevices } from '../state/unreachable-devices.ts';
import type { WakeBox } from '../state/wake.ts';
import type { KnownDevices } from './known-devices.ts';

export interface OnRegisterContext {
  readonly settings: Pick<SiloContext['settings'], 'dumpDelay' | 'telDomain' | 'ims'>;
  readonly boxes: Pick<SiloContext['boxes'], 'mayHaveMail'>;
  /** Where there is no registrar to ask: what the silo itself has seen. */
  readonly observed: Pick<ObservedBindings, 'observe'> | undefined;
  readonly known: KnownDevices;
  readonly unreachable: Pick<UnreachableDevices, 'note'>;
  readonly races: Pick<RegistrationRaces, 'note'>;
  /** The devices of this box have changed. */
  readonly devicesChanged: (box: string) => void;
  readonly wake: WakeBox;
}

export function onRegister(context: OnRegisterContext): Handler {
  return (req, res, next) => {
    const registration = registrationOf(req, context.settings);
    if (registration && registration.kind !== 'query')
      res.once('end', ({ status }) => {
        if (status >= 200 && status < 300) registered(context, registration);
      });
    next();
  };
}

function registered(context: OnRegisterContext, registration: Registration): void {
  const { settings, boxes, observed, known, unreachable, races, devicesChanged, wake } = context;
  const { aor, kind, contacts } = registration;
  observed?.observe(registration);
  unreachable.note(registration);
  devicesChanged(aor);
  const noted = known.note(registration);
  if (kind !== 'register' || contacts.every((contact) => contact.expires === 0)) return;
  races.note(aor);
  // After the 2xx is on the wire: its frame was written before ours, and drachtio keeps their order.
  if (boxes.mayHaveMail(aor))
    setTimeout(() => void noted.then(() => wake(aor, 'register')), settings.dumpDelay).unref();
}
