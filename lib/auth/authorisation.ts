/** Asks for REGISTER and MESSAGE whether they may; SUBSCRIBE and PUBLISH are asked about where their mailbox is known. */
import { SiloError } from '../base/errors.ts';
import { checkOptions } from '../options/check.ts';
import { callback } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';
import { telDomain } from '../sip/options.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import { fromOf } from './asker.ts';
import { header } from '../sip/read/headers.ts';
import { aorIn } from '../sip/read/recipient.ts';
import { authorise, authoriseWay } from './authorise.ts';
import { identityOf, type Identity } from './identity.ts';

/** Asked in place of the rule; false is answered with 403. The AoR is that in To, or in From of a MESSAGE. */
export type AuthorizeAor = (req: SipRequest, aor: string | undefined) => boolean | Promise<boolean>;

export type AuthorisationOptions = GivenOf<typeof authorisationOptions>;

const hook = () => callback<AuthorizeAor>().optional();
const authorisationOptions = defineOptions('createAuthorisation', {
  telDomain,
  authorizeRegister: option<AuthorizeAor | undefined>(
    hook(),
    undefined,
    'may this request register? by default its identity must be the AoR',
    { inCode: true },
  ),
  authorizeMessage: option<AuthorizeAor | undefined>(
    hook(),
    undefined,
    'may this message be sent? by default its From must be the identity',
    { inCode: true },
  ),
});

export interface Authorisation {
  /** For REGISTER and MESSAGE, behind what has authenticated them. Who was not authenticated is the affair of others. */
  readonly onRequest: Middleware;
}

export function createAuthorisation(
  port: Pick<Port, 'middleware'>,
  options: AuthorisationOptions = {},
): Authorisation {
  const settings = checkOptions(authorisationOptions, options);
  const { authorizeRegister, authorizeMessage } = settings;

  async function checkRegister(req: SipRequest, identity: Identity): Promise<void> {
    const aor = aorIn(req, 'To', settings);
    if (header(req, 'Path') !== undefined) authoriseWay(identity, 'Path', req.source_address);
    if (authorizeRegister === undefined)
      authorise(identity, 'register', { aor, from: fromOf(req, settings) });
    else if (!(await authorizeRegister(req, aor))) throw refused('You may not register this address.');
  }

  async function checkMessage(req: SipRequest, identity: Identity): Promise<void> {
    const from = fromOf(req, settings);
    if (authorizeMessage === undefined) authorise(identity, 'message', { from });
    else if (!(await authorizeMessage(req, from))) throw refused('You may not write as this address.');
  }

  return {
    onRequest: port.middleware('authorisation', async (req, _, next) => {
      const identity = identityOf(req);
      if (identity && req.method === 'REGISTER') await checkRegister(req, identity);
      if (identity && req.method === 'MESSAGE') await checkMessage(req, identity);
      next();
    }),
  };
}

function refused(sentence: string): SiloError {
  return new SiloError('SILO_REFUSED', sentence, { status: 403 });
}
