/** PUBLISH for message-summary: the event state compositor of RFC 3903 6. */
import { randomBytes } from 'node:crypto';
import { SiloError } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { isToken } from '../../sip/read/grammar.ts';
import { header } from '../../sip/read/headers.ts';
import { uriIn } from '../../sip/read/recipient.ts';
import type { Next, SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, PublicationChange } from '../../stores/contract/mwi.ts';
import { WIDTHS, needKept } from '../../stores/contract/widths.ts';
import { askerOf, type Access } from '../request/access.ts';
import { ALLOW_EVENTS, lifetimeOf, ourEvent, type Limits } from '../request/event-package.ts';
import type { MwiSettings } from '../request/options.ts';
import { formatSummary } from '../summary/summary.ts';
import { contentOf } from './content.ts';
import type { MendedEvent, MwiEmitter } from './events.ts';

export interface PublishContext {
  readonly port: Port;
  readonly store: MwiStore;
  readonly access: Access;
  readonly settings: MwiSettings;
  readonly now: () => number;
  /** The state of a mailbox has changed. */
  readonly changed: (mailbox: string) => void;
  readonly events: Pick<MwiEmitter, 'emit'>;
}

const log = logger('mwi:publish');

export async function onPublish(
  context: PublishContext,
  req: SipRequest,
  res: SipResponse,
  next: Next,
): Promise<void> {
  const { port, access, settings } = context;
  if (req.method !== 'PUBLISH') {
    next();
    return;
  }
  const event = ourEvent(port, req, res, settings.otherEvents);
  if (event === 'other') next();
  if (typeof event === 'string') return;
  // The order of RFC 3903 6: whose state, may they, which publication, how long, what.
  const { aor } = await access.find(req);
  await access.mayPublish(req, aor);
  const ifMatch = ifMatchOf(req);
  const limits = limitsOf(settings);
  const lifetime = lifetimeOf(req, limits);
  if (lifetime === 'brief') {
    port.respond(res, 423, { headers: { 'Min-Expires': String(limits.min) } });
    return;
  }
  const content = contentOf(req, settings.bodies, ifMatch !== undefined);
  if (content !== undefined && 'status' in content) {
    port.respond(res, content.status, content);
    return;
  }
  const publisher = publisherOf(req, settings);
  needKept(['The address of the mailbox', aor, WIDTHS.aor], ['The URI of From', publisher, WIDTHS.publisher]);
  if (content !== undefined) tellMended(context, { mailbox: aor, publisher, repairs: content.repairs });
  const body = content && formatSummary({ ...content, messages: [] }, { urgent: 'given', video: true });
  await publish(context, res, { mailbox: aor, publisher, ifMatch, body }, lifetime);
}

function tellMended({ events }: PublishContext, mended: MendedEvent): void {
  if (mended.repairs.length === 0) return;
  log.debug(`${mended.publisher} for ${mended.mailbox}: ${mended.repairs.join('; ')}`);
  events.emit('mended', mended);
}

/** Commits it, answers, and has the watchers told. */
async function publish(
  { port, store, settings, now, changed }: PublishContext,
  res: SipResponse,
  change: Pick<PublicationChange, 'mailbox' | 'publisher' | 'ifMatch' | 'body'>,
  lifetime: number,
): Promise<void> {
  const tag = randomBytes(16).toString('hex');
  const time = now();
  const replace = settings.replacePublisher;
  const result = await store.publish({ ...change, replace, tag, expires: time + lifetime, now: time });
  if (result === 'unmatched') {
    port.respond(res, 412);
    return;
  }
  port.respond(res, 200, { headers: { Expires: String(lifetime), 'SIP-ETag': tag, ...ALLOW_EVENTS } });
  if (result === 'changed') changed(change.mailbox);
}

function limitsOf({ minPublication, maxPublication, defaultPublication }: MwiSettings): Limits {
  return { min: minPublication, max: maxPublication, fallback: defaultPublication };
}

/** One entity-tag or none (RFC 3903 6, step 4). */
function ifMatchOf(req: SipRequest): string | undefined {
  const value = header(req, 'SIP-If-Match');
  if (value === undefined) return undefined;
  if (!isToken(value))
    throw new SiloError('SILO_REFUSED', 'SIP-If-Match takes one entity-tag.', { status: 400 });
  return value;
}

/** Who publishes: the identity, else From, as an AoR where it is one. */
function publisherOf(req: SipRequest, settings: MwiSettings): string {
  return askerOf(req, settings) ?? uriIn(req, 'From');
}
