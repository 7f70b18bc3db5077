/** Which user credentials are of: phones send `bob`, and some `bob@example.org`. */
import { aorOf, readHost } from '../../sip/read/uri.ts';
import type { Credentials } from '../digest/credentials.ts';
import type { UserName } from './find.ts';

export interface NamedUser extends UserName {
  /** Undefined: nobody can have this address. */
  readonly aor: string | undefined;
}

/** Undefined: there can't be such a user. @param domain where a user without one is */
export function namedBy(
  { username: sent, realm }: Pick<Credentials, 'username' | 'realm'>,
  domain: string,
): NamedUser | undefined {
  const at = sent.lastIndexOf('@');
  const username = at === -1 ? sent : sent.slice(0, at);
  const host = at === -1 ? domain : readHost(sent.slice(at + 1));
  if (host === undefined || username === '') return undefined;
  const uri = { scheme: 'sip', user: username, host, port: undefined, params: new Map() } as const;
  // Two names must not have one address: in an address %62ob is bob, and who calls himself so in a table that anybody may enter is not.
  const aor = username.includes('%') ? undefined : aorOf(uri);
  return { username, domain: host, sent, realm, aor };
}
