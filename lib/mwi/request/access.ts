/** Which mailbox a request is about, and whether it may: the same questions for SUBSCRIBE and PUBLISH. */
import { aorOfIdentity, authorise, authoriseWay } from '../../auth/authorise.ts';
import { identityOf } from '../../auth/identity.ts';
import { createPublishers, createWatchers } from '../../auth/lamp-rules.ts';
import { SiloError } from '../../base/errors.ts';
import { fromOf, isDirect } from '../../auth/asker.ts';
import { header } from '../../sip/read/headers.ts';
import { recipientOf, served } from '../../sip/read/recipient.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { aorOf } from '../../sip/read/uri.ts';
import { createAliases } from './aliases.ts';
import type { MwiSettings } from './options.ts';

interface Mailbox {
  readonly aor: string;
  /** The request named it otherwise: by an alias, or by what the host app knows. */
  readonly aliased: boolean;
}

export interface Access {
  /** @throws SiloError 404 when there is no such mailbox here */
  find(req: SipRequest): Promise<Mailbox>;
  /**
   * The AoR of the mailbox that a program names, by an AoR or a URI.
   * @throws SiloError 404
   */
  named(mailbox: string): Promise<string>;
  /** @throws SiloError 403 */
  maySubscribe(req: SipRequest, mailbox: string): Promise<void>;
  /** @throws SiloError 403 */
  mayPublish(req: SipRequest, mailbox: string): Promise<void>;
}

export function createAccess(settings: MwiSettings): Access {
  const publishers = createPublishers(settings.publishers);
  const watchers = createWatchers(settings.watchers);
  const aliases = createAliases(settings.aliases, settings);
  const { authorizeSubscribe, authorizePublish, knows = () => true } = settings;

  /** What the host app says, or an alias. */
  async function namedMailbox(req: SipRequest): Promise<string | undefined> {
    const said = await settings.mailboxOf?.(req);
    if (said === undefined) return aliases.mailboxOf(req.uri, askerOf(req, settings));
    const aor = readMailbox(said, settings);
    if (aor !== undefined) return aor;
    throw new SiloError('SILO_USAGE', 'mailboxOf returned no address such as bob@example.org.');
  }

  async function mustBeHere(aor: string | undefined): Promise<string> {
    if (aor !== undefined && served(aor, settings.domains) && (await knows(aor))) return aor;
    throw new SiloError('SILO_REFUSED', 'There is no such mailbox here.', { status: 404 });
  }

  return {
    named: (mailbox) => mustBeHere(readMailbox(mailbox, settings)),
    find: async (req) => {
      const named = await namedMailbox(req);
      const asked = recipientOf(req, settings);
      const aor = await mustBeHere(named ?? asked);
      return { aor, aliased: named !== undefined && named !== asked };
    },
    maySubscribe: async (req, mailbox) => {
      const identity = identityOf(req);
      if (identity && header(req, 'Record-Route') !== undefined)
        authoriseWay(identity, 'Record-Route', req.source_address);
      if (authorizeSubscribe) must(await authorizeSubscribe(req, mailbox), NOT_TO_WATCH);
      else if (identity) authorise(identity, 'subscribe', { mailbox }, watchers);
      else must(fromOf(req, settings) === mailbox, NOT_TO_WATCH);
    },
    mayPublish: async (req, mailbox) => {
      const identity = identityOf(req);
      const { source_address: source } = req;
      if (authorizePublish) must(await authorizePublish(req, mailbox), NOT_TO_PUBLISH);
      else if (identity)
        authorise(identity, 'publish', { mailbox, source, direct: isDirect(req) }, publishers);
      // From alone proves nothing: an AoR among the publishers counts for nobody.
      else must(publishers.networks.has(source), NOT_TO_PUBLISH);
    },
  };
}

/** An AoR or a URI as an AoR. */
function readMailbox(text: string, settings: MwiSettings): string | undefined {
  return aorOf(/^(?:sips?|tel|im|pres):/i.test(text) ? text : `sip:${text}`, settings);
}

const NOT_TO_WATCH = 'This mailbox is not yours to watch.';
const NOT_TO_PUBLISH = 'You may not publish for this mailbox.';

function must(may: boolean, sentence: string): void {
  if (!may) throw new SiloError('SILO_REFUSED', sentence, { status: 403 });
}

/** Who asks: the identity where there is one, else who From says. */
export function askerOf(req: SipRequest, settings: MwiSettings): string | undefined {
  const identity = identityOf(req);
  return (identity && aorOfIdentity(identity)) ?? fromOf(req, settings);
}
