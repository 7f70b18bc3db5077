/** Where several processes serve as one: whoever takes a REGISTER tells the others, since what waits may be known to one of them alone. */
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import { registrationOf, type Registration } from '../sip/read/registration.ts';

type Settings = Parameters<typeof registrationOf>[1];

export function shareRegistrations(
  port: Pick<Port, 'middleware'>,
  settings: Settings,
  tell: (registration: Registration) => void,
): Middleware {
  return port.middleware('shareRegistrations', (req, res, next) => {
    const registration = registrationOf(req, settings);
    if (registration && registration.kind !== 'query')
      res.once('end', ({ status }) => {
        if (status >= 200 && status < 300) tell(registration);
      });
    next();
  });
}
