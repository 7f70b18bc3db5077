/** A REGISTER that another process of this service has taken: what it means here, where mail may be known that is not known there. */
import type { Registration } from '../../sip/read/registration.ts';
import type { OnRegisterContext } from './on-register.ts';

type Context = Pick<OnRegisterContext, 'boxes' | 'unreachable' | 'races' | 'devicesChanged' | 'wake'>;

export function registeredElsewhere(context: Context, registration: Registration): void {
  const { boxes, unreachable, races, devicesChanged, wake } = context;
  const { aor, kind, contacts } = registration;
  unreachable.note(registration);
  devicesChanged(aor);
  if (kind !== 'register' || contacts.every((contact) => contact.expires === 0)) return;
  races.note(aor);
  if (boxes.mayHaveMail(aor)) wake(aor, 'register');
}
