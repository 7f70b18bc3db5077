/** Which mailbox a request is about, and whether it may: the same questions for SUBSCRIBE and PUBLISH. */
import { BlockList, isIP } from 'node:net';
import { SiloError } from '../../base/errors.ts';
import { header, parseNameAddr } from '../../sip/read/headers.ts';
import { recipientOf, served } from '../../sip/read/recipient.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { aorOf } from '../../sip/read/uri.ts';
import { createAliases } from './aliases.ts';
import type { Authorize, MwiSettings } from './options.ts';

interface Mailbox {
  readonly aor: string;
  /** The request named it otherwise: by an alias, or by what the host app knows. */
  readonly aliased: boolean;
}

export interface Access {
  /** @throws SiloError 404 when there is no such mailbox here */
  find(req: SipRequest): Promise<Mailbox>;
  /** @throws SiloError 403 */
  maySubscribe(req: SipRequest, mailbox: string): Promise<void>;
  /** @throws SiloError 403 */
  mayPublish(req: SipRequest, mailbox: string): Promise<void>;
}

export function createAccess(settings: MwiSettings): Access {
  const trusted = networks(settings.publishers);
  const aliases = createAliases(settings.aliases, settings);
  const ownsIt: Authorize = (req, mailbox) => fromOf(req, settings) === mailbox;
  const isTrusted: Authorize = (req) => contains(trusted, req.source_address);
  const { authorizeSubscribe = ownsIt, authorizePublish = isTrusted, knows = () => true } = settings;

  /** What the host app says, or an alias. */
  async function namedMailbox(req: SipRequest): Promise<string | undefined> {
    const said = await settings.mailboxOf?.(req);
    if (said === undefined) return aliases.mailboxOf(req.uri, fromOf(req, settings));
    const aor = aorOf(/^(?:sips?|tel):/i.test(said) ? said : `sip:${said}`, settings);
    if (aor !== undefined) return aor;
    throw new SiloError('SILO_USAGE', 'mailboxOf returned no address such as bob@example.org.');
  }

  return {
    find: async (req) => {
      const named = await namedMailbox(req);
      const asked = recipientOf(req, settings);
      const aor = named ?? asked;
      if (aor === undefined || !served(aor, settings.domains) || !(await knows(aor)))
        throw new SiloError('SILO_REFUSED', 'There is no such mailbox here.', { status: 404 });
      return { aor, aliased: named !== undefined && named !== asked };
    },
    maySubscribe: async (req, mailbox) => {
      if (!(await authorizeSubscribe(req, mailbox)))
        throw new SiloError('SILO_REFUSED', 'This mailbox is not yours to watch.', { status: 403 });
    },
    mayPublish: async (req, mailbox) => {
      if (!(await authorizePublish(req, mailbox)))
        throw new SiloError('SILO_REFUSED', 'You may not publish for this mailbox.', { status: 403 });
    },
  };
}

/** Canonical AoR of the From header. */
export function fromOf(req: SipRequest, settings: MwiSettings): string | undefined {
  return aorOf(parseNameAddr(header(req, 'From') ?? '')?.uri ?? '', settings);
}

function networks(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', length] = cidr.split('/');
    const six = isIP(address) === 6;
    list.addSubnet(address, Number(length ?? (six ? 128 : 32)), six ? 'ipv6' : 'ipv4');
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  const family = isIP(bare);
  return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}
