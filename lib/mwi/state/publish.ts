/** PUBLISH for message-summary: the event state compositor of RFC 3903 6. */
import { randomHex } from '../../base/random.ts';
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
import { formatSummary, type Summary } from '../summary/summary.ts';
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
  const body = content && asStored(content);
  const publishing = { mailbox: aor, publisher, replace: settings.replacePublisher, ifMatch, body };
  await publish(context, publishing, lifetime, (tag) => {
    const headers = { Expires: String(lifetime), 'SIP-ETag': tag ?? '', ...ALLOW_EVENTS };
    if (tag === undefined) port.respond(res, 412);
    else port.respond(res, 200, { headers });
  });
}

/** In its canonical form, with all that a later reader of it may want. */
export function asStored(summary: Summary): string {
  return formatSummary({ ...summary, messages: [] }, { urgent: 'given', video: true });
}

function tellMended({ events }: PublishContext, mended: MendedEvent): void {
  if (mended.repairs.length === 0) return;
  log.debug(`${mended.publisher} for ${mended.mailbox}: ${mended.repairs.join('; ')}`);
  events.emit('mended', mended);
}

/** What is published, by whomever. */
type Publishing = Omit<PublicationChange, 'tag' | 'expires' | 'now'>;

/**
 * Commits it and has the watchers told. Undefined: no live publication has that entity-tag.
 *
 * @param answer called with the new one before anybody is told
 */
export async function publish(
  { store, now, changed }: Pick<PublishContext, 'store' | 'now' | 'changed'>,
  publishing: Publishing,
  lifetime: number,
  answer: (tag: string | undefined) => void,
): Promise<void> {
  const tag = randomHex(16);
  const time = now();
  const result = await store.publish({ ...publishing, tag, expires: time + lifetime, now: time });
  answer(result === 'unmatched' ? undefined : tag);
  if (result === 'changed') changed(publishing.mailbox);
}

export function limitsOf({ minPublication, maxPublication, defaultPublication }: MwiSettings): Limits {
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
