/** From a MESSAGE on the wire to a message that can be stored: every check that comes before the store. */
import { randomUUID } from 'node:crypto';
import { unbelievedHeaders } from '../../auth/claims.ts';
import { SiloError } from '../../base/errors.ts';
import { bodyOf, bodyText, type BodySource } from '../../sip/read/body.ts';
import { MAX_FRAME, MAX_HEADERS, USUAL_WAY } from '../../sip/drachtio/frame.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { hasControl } from '../../sip/read/characters.ts';
import {
  expiresOf,
  header,
  parseContentType,
  parseNameAddr,
  parseSipDate,
  type HeaderSource,
} from '../../sip/read/headers.ts';
import { recipientOf } from '../../sip/read/recipient.ts';
import { parseUri } from '../../sip/read/uri.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import { messageKey } from '../state/message-key.ts';
import type { SiloSettings } from '../state/options.ts';
import { mayBeAdded } from '../state/header-names.ts';
import { SECURE_LINE, keptHeader, keptHeaders } from './kept-headers.ts';
import { whyLiveOnly } from './not-stored.ts';
import { readReceipt, threadOf } from './receipts.ts';
import { sendTimeOf } from './send-at.ts';

/** What a host app may say about a message instead of what its headers say (msilo's `m_store_addrs`). */
export interface StoreOverrides {
  /** AoR (`user@host`) or URI of the recipient. */
  readonly owner?: string;
  /** URI of the sender and of To as the recipient shall see them. */
  readonly from?: string;
  readonly to?: string;
  /** Lifetime in seconds. */
  readonly expires?: number;
  /** Not to be sent before this time: ISO 8601 with its zone, a Date, or epoch seconds. */
  readonly sendAt?: string | number | Date;
  /** The message is to be sent at once: what only forbids waiting does not matter. */
  readonly live?: boolean;
  /** Headers to add to the kept ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Only `headers` are kept, none of the MESSAGE's own (msilo's `extra_hdrs_avp`). */
  readonly onlyHeaders?: boolean;
  /** No notice to the author (msilo's `skip_notification_flag`). */
  readonly skipNotice?: boolean;
}

/**
 * Room that a delivery needs in drachtio's frame beside what the message itself brings: the way to the device, the
 * headers that it writes (Call-ID, CSeq, Date, …) and the optional date prefix.
 */
const DELIVERY_ROOM = USUAL_WAY + 400;
/** Widths of the columns. */
const LIMITS = { srcAddr: 512, dstAddr: 512, contentType: 512, callId: 255, box: 255, name: 255 } as const;

/**
 * @throws SiloError `SILO_REFUSED` with the SIP status that says why: 400 malformed, 404 no recipient here, 413 too
 *   large for drachtio, 415 not text, 480 not to be stored (`Expires: 0`, is-composing)
 */
export function messageOf(
  req: SipRequest,
  settings: SiloSettings,
  now: number,
  over: StoreOverrides = {},
): NewMessage {
  if (req.method !== 'MESSAGE') throw refuse(405, `Only MESSAGE is stored, this is ${req.method}.`);
  const from = parseNameAddr(header(req, 'From') ?? '');
  const to = parseNameAddr(header(req, 'To') ?? '');
  if (!from || !to) throw refuse(400, 'From or To cannot be read.');
  const box =
    over.owner === undefined
      ? recipientOf(req, settings)
      : recipientOf({ uri: asUri(over.owner), get: () => undefined }, settings);
  if (box === undefined)
    throw refuse(404, 'Neither the Request-URI nor To names a user that is served here.');

  const body = bodyOf(req);
  const contentType = header(req, 'Content-Type') ?? '';
  if (contentType !== '' && !parseContentType(contentType))
    throw refuse(400, 'Content-Type cannot be read: wanted is type/subtype.');
  if (body.length > 0 && contentType === '')
    throw refuse(400, 'A body without Content-Type: add one, for text it is text/plain.');
  const why = over.live ? undefined : whyLiveOnly(req, contentType, body, settings);
  if (why !== undefined) throw refuse(480, why);

  const srcAddr = over.from === undefined ? from.uri : uriOf(over.from);
  const receipt = readReceipt(contentType, body);
  const sendAt = over.live ? undefined : (over.sendAt ?? sendAtOf(req, settings));
  const sendTime = sendAt === undefined ? 0 : sendTimeOf(sendAt, now, settings);
  const { dropHeaders, sendAtHeader } = settings;
  const unbelieved = unbelievedHeaders(req);
  const keepOptions = {
    keepHeaders: over.onlyHeaders ? ['Privacy'] : settings.keepHeaders,
    dropHeaders: unbelieved.length === 0 ? dropHeaders : [...dropHeaders, ...unbelieved],
    sendAtHeader,
  };
  const secure = parseUri(req.uri)?.scheme === 'sips' ? SECURE_LINE : '';
  const kept = secure + keptHeaders(req.raw ?? '', keepOptions) + extraHeaders(over.headers);
  const callId = header(req, 'Call-ID') ?? '';
  const date = parseSipDate(header(req, 'Date') ?? '');
  const message: NewMessage = {
    key: keyOf(req, box),
    box,
    srcAddr,
    srcName: displayName(from.display),
    dstAddr: over.to === undefined ? to.uri : uriOf(over.to),
    dstName: displayName(to.display),
    contentType,
    body,
    headers: kept,
    callId,
    incTime: now,
    expTime:
      Math.max(now, sendTime) +
      (over.live
        ? settings.expireTime
        : lifetimeOf(req, receipt ? settings.receiptExpireTime : settings.expireTime, over.expires)),
    sendTime,
    // The sender's own Date where it is believable: at most an hour old, five minutes ahead.
    dateTime: date !== undefined && date > now - 3600 && date < now + 300 ? date : now,
    urgent: /^(urgent|emergency)$/i.test(keptHeader(kept, 'Priority')),
    nextTime: sendTime,
    hops: hopsLeft(req),
    kind: receipt ? 'receipt' : 'message',
    thread: receipt ? threadOf(box, srcAddr, receipt) : '',
  };
  if (message.hops < 0) throw refuse(483, 'Too Many Hops: Max-Forwards has come to its end.');
  checkSizes(message);
  return message;
}

/** Why this MESSAGE goes live or not at all; undefined: it may wait. */
export function whyNotStored(req: SipRequest, settings: SiloSettings): string | undefined {
  if (expiresOf(req) === 0) return 'Expires: 0 says that it must not wait.';
  return whyLiveOnly(req, header(req, 'Content-Type') ?? '', Buffer.from(bodyText(req)), settings);
}

/** What the header that an operator named says about the time; undefined: nothing. */
export function sendAtOf(
  req: HeaderSource,
  { sendAtHeader }: Pick<SiloSettings, 'sendAtHeader'>,
): string | undefined {
  return sendAtHeader === '' ? undefined : header(req, sendAtHeader);
}

function lifetimeOf(req: HeaderSource, longest: number, override: number | undefined): number {
  const expires = override ?? expiresOf(req);
  if (expires === 'bad' || Number.isNaN(expires)) throw refuse(400, 'Expires is not a number of seconds.');
  if (expires !== undefined && expires <= 0)
    throw refuse(480, 'The recipient is not here, and Expires: 0 says that the message must not wait.');
  return Math.min(longest, Math.ceil(expires ?? longest));
}

/** At the request: it is asked for two or three times on its way. */
const KEY = Symbol('key');

interface Keyed extends BodySource {
  /** `of` is the request itself: a copy, which may say something else, has the record, too. */
  readonly [KEY]?: {
    readonly of: unknown;
    readonly box: string;
    readonly raw: unknown;
    readonly key: string;
  };
}

/**
 * Identity of a message: the same request again (also in a new transaction) has the same one; the same identifiers with
 * another text are another message.
 */
export function keyOf(req: Keyed, box: string): string {
  const known = req[KEY];
  if (known?.of === req && known.box === box && known.raw === req.raw) return known.key;
  const key = newKeyOf(req, box);
  if (req.raw !== undefined) Reflect.set(req, KEY, { of: req, box, raw: req.raw, key });
  return key;
}

function newKeyOf(req: BodySource, box: string): string {
  const from = parseNameAddr(header(req, 'From') ?? '');
  const callId = header(req, 'Call-ID') ?? '';
  const cseq = header(req, 'CSeq') ?? '';
  // Without a Call-ID nothing tells two messages apart: store both rather than lose one.
  if (callId === '') return messageKey('', [randomUUID()]);
  return messageKey(callId, [
    box,
    from?.uri ?? '',
    from?.params.get('tag') ?? '',
    callId,
    cseq,
    bodyText(req),
  ]);
}

/** A delivery is a new request on the same journey: servers that hand a message to each other come to an end. */
function hopsLeft(req: HeaderSource): number {
  const hops = Number(header(req, 'Max-Forwards') ?? 70);
  return (Number.isInteger(hops) ? Math.min(hops, 70) : 70) - 1;
}

function escaped(name: string): string {
  return name.replace(/["\\]/g, '\\$&');
}

/** @throws SiloError `SILO_REFUSED`: 413 too large for drachtio, 400 what a column or a header can't take */
export function checkSizes(message: NewMessage): void {
  const bytes =
    message.body.length +
    Buffer.byteLength(message.headers) +
    message.contentType.length +
    message.callId.length +
    Buffer.byteLength(
      message.srcAddr + escaped(message.srcName) + message.dstAddr + escaped(message.dstName),
    ) +
    message.box.length;
  if (bytes + DELIVERY_ROOM > MAX_FRAME)
    throw refuse(
      413,
      `Body and headers have ${bytes} bytes, at most ${MAX_FRAME - DELIVERY_ROOM} can be delivered.`,
    );
  if (bytes - message.body.length + DELIVERY_ROOM > MAX_HEADERS)
    throw refuse(
      413,
      `The headers have ${bytes - message.body.length} bytes, at most ${MAX_HEADERS - DELIVERY_ROOM} can be delivered.`,
    );
  const { srcAddr, dstAddr, contentType, callId, box, srcName, dstName } = message;
  checkKept('The From URI', srcAddr, LIMITS.srcAddr);
  checkKept('The To URI', dstAddr, LIMITS.dstAddr);
  checkKept('Content-Type', contentType, LIMITS.contentType);
  checkKept('Call-ID', callId, LIMITS.callId);
  checkKept('The recipient', box, LIMITS.box);
  checkKept('A display name', srcName.length > dstName.length ? srcName : dstName, LIMITS.name);
}

function checkKept(name: string, value: string, limit: number): void {
  if (value.length > limit)
    throw refuse(400, `${name} has ${value.length} characters, at most ${limit} can be stored.`);
  if (hasControl(value) || value.includes('\uFFFD'))
    throw refuse(
      400,
      `${name} holds characters that can't be sent on: wanted is UTF-8 text without controls.`,
    );
}

function extraHeaders(headers: StoreOverrides['headers']): string {
  let lines = '';
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (hasControl(value) || !mayBeAdded(name))
      throw refuse(400, `The header ${JSON.stringify(name)} can't be stored.`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** A display name that was no UTF-8 is left out: the URI names the person, too. */
function displayName(display: string | undefined): string {
  return display === undefined || display.includes('\uFFFD') ? '' : display;
}

/** A sender or recipient as a host app names it. */
function uriOf(text: string): string {
  const uri = asUri(text);
  if (parseUri(uri) === undefined) throw refuse(400, `${JSON.stringify(text)} is no URI to send from or to.`);
  return uri;
}

/** An AoR or a URI, as a URI. */
export function asUri(address: string): string {
  return /^(?:sips?|tel|im|pres):/i.test(address) ? address : `sip:${address}`;
}

function refuse(status: number, message: string): SiloError {
  return new SiloError('SILO_REFUSED', message, { status });
}
