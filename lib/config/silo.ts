/** The options of the silo, as `lib/config/config.ts` reads them. */
import { z } from 'zod';
import { LONGEST_TIME, flag, list, whole } from './types.ts';
import { textOf } from '../base/errors.ts';
import { hasControl, parseContentType } from '../sip/read/headers.ts';
import { parseUri } from '../sip/read/uri.ts';
import { RECIPIENTS, SILO_DEFAULTS } from '../silo/state/options.ts';
import { isHeaderName, mayBeAdded } from '../silo/receive/kept-headers.ts';
import { VERDICTS } from '../silo/state/outcome.ts';
import { isZone } from '../silo/receive/send-at.ts';
import { OVERFLOWS } from '../stores/contract/accept.ts';

const verdict = z.enum(VERDICTS);
const outcomes = z.union([
  z.record(z.string().regex(/^[2-6]\d\d$/), verdict),
  z
    .string()
    .transform((value): Record<string, string | undefined> => {
      const pairs = value.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
      return Object.fromEntries(pairs.map(([status = '', name]) => [status, name]));
    })
    .pipe(z.record(z.string().regex(/^[2-6]\d\d$/, 'wanted is <status>=<verdict>,…'), verdict)),
]);

const sipUri = z
  .string()
  .refine(
    (uri) => uri === '' || parseUri(uri) !== undefined,
    'wanted is a URI such as sip:proxy.example.org',
  );

const nextHop = sipUri.refine(
  (uri) => uri === '' || parseUri(uri)?.scheme !== 'tel',
  'wanted is a SIP URI such as sip:proxy.example.org',
);

/** `text/plain`, or `text/*` for all of them. */
const types = list.refine(
  (entries) => entries.every((type) => /^[\w.!%*+`'~-]+\/(\*|[\w.!%+`'~-]+)$/.test(type)),
  'wanted are media types such as text/plain or text/*, with commas between',
);

const headerNames = list.refine(
  (names) => names.every(isHeaderName),
  'wanted are names of headers, with commas between',
);

const line = z.string().refine((text) => !hasControl(text), 'wanted is one line of text');

/** What leaves with a notice must fit through drachtio, whatever its variables become. */
const LONGEST_TEMPLATE = 4000;

/** An object of header templates; in the environment as JSON. */
const headers = z.preprocess(
  (value, context) => {
    if (typeof value !== 'string') return value;
    try {
      return value === '' ? {} : (JSON.parse(value) as unknown);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `wanted is a JSON object such as {"X-Offline":"yes"} (${textOf(error)})`,
      });
      return {};
    }
  },
  z.record(
    z.string().refine(mayBeAdded, 'wanted is the name of a header that is not written anyway'),
    z
      .string('wanted is a text')
      .refine((text) => !hasControl(text), 'wanted is a value without control characters'),
    'wanted is a JSON object such as {"X-Offline":"yes"}',
  ),
);

export const siloSchema = {
  expireTime: whole(1)
    .default(SILO_DEFAULTS.expireTime)
    .describe('longest lifetime of a message, s (msilo `expire_time`)'),
  checkTime: whole(1, LONGEST_TIME)
    .default(SILO_DEFAULTS.checkTime)
    .describe('between looks for what has expired, s (msilo `check_time`)'),
  tailTime: whole(1, LONGEST_TIME)
    .default(SILO_DEFAULTS.tailTime)
    .describe('between looks for rows of other nodes and due retries, s'),
  liveTimeout: whole(1, 10_000)
    .default(SILO_DEFAULTS.liveTimeout)
    .describe('a live delivery may take this long before the message is stored, ms'),
  dumpDelay: whole(0, 60_000)
    .default(SILO_DEFAULTS.dumpDelay)
    .describe('between the 200 to REGISTER and the first message, ms'),
  maxAttempts: whole(1)
    .default(SILO_DEFAULTS.maxAttempts)
    .describe('attempts that a device answers with a temporary failure before the message is a dead letter'),
  addDate: flag
    .default(SILO_DEFAULTS.addDate)
    .describe('`[Offline message - <date>] ` before text/plain bodies (msilo `add_date`)'),
  keepLedger: whole(86_400)
    .default(SILO_DEFAULTS.keepLedger)
    .describe('an ended message is remembered this long, s'),
  maxLanes: whole(1).default(SILO_DEFAULTS.maxLanes).describe('boxes served at the same time'),
  sendRate: whole(0).default(SILO_DEFAULTS.sendRate).describe('messages a second in all; 0: no limit'),
  hopRate: whole(0).default(SILO_DEFAULTS.hopRate).describe('messages a second to one next hop; 0: no limit'),
  hopInFlight: whole(0)
    .default(SILO_DEFAULTS.hopInFlight)
    .describe('messages in flight to one next hop; 0: no limit'),
  domainRate: whole(0)
    .default(SILO_DEFAULTS.domainRate)
    .describe('messages a second for one domain; 0: no limit'),
  domainInFlight: whole(0)
    .default(SILO_DEFAULTS.domainInFlight)
    .describe('messages in flight for one domain; 0: no limit'),
  maxPending: whole(1)
    .default(SILO_DEFAULTS.maxPending)
    .describe('messages that may wait for their commit before new ones get 503'),
  maxLag: whole(1)
    .default(SILO_DEFAULTS.maxLag)
    .describe('the event loop may lag this much before new messages get 503, ms'),
  outcomes: outcomes
    .default({})
    .describe('verdicts that replace those of the outcome table, e.g. `404=dead,486=away`'),
  keepDead: whole(0)
    .default(SILO_DEFAULTS.keepDead)
    .describe('a dead letter is kept this long, s; 0: for ever'),
  leaseTime: whole(3)
    .default(SILO_DEFAULTS.leaseTime)
    .describe('other nodes take over the boxes and lamps of a dead one after this, s'),
  stopGrace: whole(0, 9_000)
    .default(SILO_DEFAULTS.stopGrace)
    .describe('a stop waits this long for messages in flight, ms'),
  deliverTo: z
    .enum(RECIPIENTS)
    .default(SILO_DEFAULTS.deliverTo)
    .describe('who gets a message: the `first` device that takes it, or `every` known one'),
  deviceMemory: whole(1)
    .default(SILO_DEFAULTS.deviceMemory)
    .describe('with `every`: a device is owed messages for this long after its last registration, s'),
  newDeviceAge: whole(0)
    .default(SILO_DEFAULTS.newDeviceAge)
    .describe('with `every`: a new device gets what waits if it is no older than this, s'),
  maxMessages: whole(0)
    .default(SILO_DEFAULTS.maxMessages)
    .describe('messages that may wait for one address; 0: no limit (msilo `max_messages`)'),
  maxBytes: whole(0)
    .default(SILO_DEFAULTS.maxBytes)
    .describe('bytes of bodies and headers that may wait for one address; 0: no limit'),
  domainMaxMessages: whole(0)
    .default(SILO_DEFAULTS.domainMaxMessages)
    .describe('messages that may wait for one domain; 0: no limit'),
  domainMaxBytes: whole(0)
    .default(SILO_DEFAULTS.domainMaxBytes)
    .describe('bytes that may wait for one domain; 0: no limit'),
  overflow: z
    .enum(OVERFLOWS)
    .default(SILO_DEFAULTS.overflow)
    .describe('no room: refuse the new message (480), drop the oldest, or drop receipts and then refuse'),
  maxReceipts: whole(0)
    .default(SILO_DEFAULTS.maxReceipts)
    .describe('receipts that may wait for one address, the oldest gives way; 0: no limit'),
  receiptExpireTime: whole(1)
    .default(SILO_DEFAULTS.receiptExpireTime)
    .describe('longest lifetime of a receipt, s'),
  storeTypes: types.default([]).describe('media types that may be stored, such as `text/*`; empty: all'),
  skipTypes: types.default([]).describe('media types that are never stored'),
  keepHeaders: headerNames.default([]).describe('headers that are kept; empty: all that are end-to-end'),
  dropHeaders: headerNames.default([]).describe('headers that are not kept'),
  extraHeaders: headers
    .default({})
    .describe('headers to add to a delivery, a JSON object of templates (msilo `extra_hdrs`)'),
  addContact: flag
    .default(SILO_DEFAULTS.addContact)
    .describe('adds a Contact with the From URI and `msilo=yes` (msilo `add_contact`); RFC 3428 forbids it'),
  reuseCallId: flag
    .default(SILO_DEFAULTS.reuseCallId)
    .describe('sends a message with the Call-ID that it came with (msilo `use_mode` 1)'),
  outboundProxy: nextHop
    .default(SILO_DEFAULTS.outboundProxy)
    .describe(
      'next hop, a SIP URI, of all that the silo sends; empty: as registered (msilo `outbound_proxy`)',
    ),
  sendAtHeader: z
    .string()
    .refine((name) => name === '' || mayBeAdded(name), 'wanted is the name of a header of its own')
    .default(SILO_DEFAULTS.sendAtHeader)
    .describe('header that says when a message is to be sent, such as `X-Send-At`; empty: none'),
  sendAtZone: z
    .string()
    .refine(isZone, 'wanted is a zone such as UTC or Europe/Berlin')
    .default(SILO_DEFAULTS.sendAtZone)
    .describe('zone of times written `YYYYMMDDHHMMSS`, as msilo does'),
  maxSendAhead: whole(1)
    .default(SILO_DEFAULTS.maxSendAhead)
    .describe('furthest time ahead at which a message may be sent, s'),
  reminderFrom: sipUri
    .default(SILO_DEFAULTS.reminderFrom)
    .describe('From of messages sent at their set time; empty: the author (msilo `reminder`)'),
  noticeFrom: sipUri
    .default(SILO_DEFAULTS.noticeFrom)
    .describe('From of the notice that a message was stored; empty: no notices (msilo `from_address`)'),
  noticeBody: z
    .string()
    .max(LONGEST_TEMPLATE, `wanted are at most ${LONGEST_TEMPLATE} characters`)
    .default(SILO_DEFAULTS.noticeBody)
    .describe('template of its body (msilo `offline_message`)'),
  noticeType: line
    .refine((type) => parseContentType(type) !== undefined, 'wanted is type/subtype')
    .default(SILO_DEFAULTS.noticeType)
    .describe('its Content-Type (msilo `content_type_hdr`)'),
  noticeContact: line
    .default(SILO_DEFAULTS.noticeContact)
    .describe('template of its Contact; empty: none (msilo `contact_hdr`)'),
  noticeToContact: flag
    .default(SILO_DEFAULTS.noticeToContact)
    .describe('to the Contact of the MESSAGE if it has one, else to its From (msilo `use_contact`)'),
  noticeInterval: whole(0)
    .default(SILO_DEFAULTS.noticeInterval)
    .describe('between two notices to one author about one recipient, s'),
  noticeRate: whole(0)
    .default(SILO_DEFAULTS.noticeRate)
    .describe('notices a minute to one author; 0: no limit'),
  imdn: flag
    .default(SILO_DEFAULTS.imdn)
    .describe('sends the receipts that a CPIM message asks for (RFC 5438): stored, failed'),
};
