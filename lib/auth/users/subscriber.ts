/** A user as we keep one: what stands for the password, in all forms in which a phone may prove it, and never the password. */
import { splitAor } from '../../sip/read/uri.ts';
import type { Subscriber } from '../../stores/contract/users.ts';
import { ha1Of, type Algorithm } from '../digest/algorithms.ts';

/** @param realm of the challenges; '' where it is the user's domain */
export function subscriberOf(aor: string, password: string, realm = ''): Subscriber {
  const { user: username, host: domain } = splitAor(aor);
  const ha1 = (algorithm: Algorithm, name: string) =>
    ha1Of(algorithm, name, realm === '' ? domain : realm, password);
  return {
    username,
    domain,
    password: '',
    ha1: ha1('MD5', username),
    ha1b: ha1('MD5', aor),
    ha1Sha256: ha1('SHA-256', username),
    ha1bSha256: ha1('SHA-256', aor),
  };
}
