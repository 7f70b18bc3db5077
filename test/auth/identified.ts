/** Authentication in one line, for tests of what comes behind it: a trusted hop, or who says so in a header of the tests' own. */
import { NOBODY, setIdentity } from '../../lib/auth/identity.ts';
import type { TrustOptions } from '../../lib/auth/trust/options.ts';
import { createTrust } from '../../lib/auth/trust/trust.ts';
import { header } from '../../lib/sip/read/headers.ts';
import type { TestNodeOptions } from '../support/node.ts';

const PROVED = 'X-Proved';

/** Who proves to be somebody, as by a password. */
export function provedTo(aor: string): Readonly<Record<string, string>> {
  return { [PROVED]: aor };
}

export function identified(trusted: TrustOptions = {}): Pick<TestNodeOptions, 'authenticate'> {
  const trust = createTrust(trusted);
  return {
    authenticate: (port) =>
      port.middleware('identified', (req, _, next) => {
        const proved = header(req, PROVED);
        const own = proved === undefined ? NOBODY : ({ kind: 'digest', aor: proved } as const);
        setIdentity(req, trust.identityOf(req) ?? own);
        next();
      }),
  };
}
