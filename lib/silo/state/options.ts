/** Options of the silo: each with how it is read, its default and what it means. */
import { z } from 'zod';
import { shared } from '../../node/options.ts';
import {
  flag,
  interval,
  line,
  listWhere,
  milliseconds,
  oneOf,
  orCallback,
  seconds,
  template,
  text,
  whole,
  zone,
} from '../../options/kinds.ts';
import { defineOptions, option, type GivenOf, type SettingsOf } from '../../options/option.ts';
import { anyUri, domains, hopUri, ims, telDomain } from '../../sip/options.ts';
import type { Binding } from '../../sip/read/binding.ts';
import { hasControl, parseContentType } from '../../sip/read/headers.ts';
import { OVERFLOWS } from '../../stores/contract/accept.ts';
import type { Message, NewMessage } from '../../stores/contract/message.ts';
import { isHeaderName, mayBeAdded } from './header-names.ts';
import { VERDICTS, type Verdict } from './outcome.ts';
import { VARIABLES } from './template.ts';

/** Headers to add to a delivery: a template for each (docs/from-kamailio.md), or a function. */
export type ExtraHeaders = Headers | ((message: Message, binding: Binding) => Headers);
type Headers = Readonly<Record<string, string>>;

/** The body of a notice: a template, or a function; undefined or '' sends none. */
type NoticeBody = string | ((message: NewMessage, id: number) => string | undefined);

/** What leaves with a notice must fit through drachtio, whatever its variables become. */
const LONGEST_TEMPLATE = 4_000;

const types = listWhere('media types such as text/plain or text/*', (type) =>
  /^[\w.!%*+`'~-]+\/(\*|[\w.!%+`'~-]+)$/.test(type),
);
const headerNames = listWhere('names of headers', isHeaderName);

const outcomes: z.ZodType<Readonly<Record<string, Verdict>>> = z.preprocess(
  (value) => {
    if (typeof value !== 'string') return value;
    const pairs = value.split(',').filter((pair) => pair.trim() !== '');
    return Object.fromEntries(pairs.map((pair) => pair.split('=').map((part) => part.trim()))) as unknown;
  },
  z.record(
    z.string().regex(/^[2-6]\d\d$/, 'wanted is <status>=<verdict>,…'),
    oneOf(VERDICTS),
    'wanted is <status>=<verdict>,…',
  ),
);

const headers: z.ZodType<Headers> = z.preprocess(
  (value) => {
    try {
      return typeof value === 'string' ? (JSON.parse(value || '{}') as unknown) : value;
    } catch {
      return value;
    }
  },
  z.record(
    z.string().refine(mayBeAdded, 'wanted is the name of a header that is not written anyway'),
    template(VARIABLES).refine((value) => !hasControl(value), 'wanted is a value without control characters'),
    'wanted is a JSON object such as {"X-Offline":"yes"}',
  ),
);

export type SiloOptions = GivenOf<typeof siloOptions>;
export type SiloSettings = SettingsOf<typeof siloOptions>;

export const siloOptions = defineOptions('createSilo', {
  domains,
  telDomain,
  ims,
  node: shared.node,
  expireTime: option(seconds(1), 259_200, 'longest lifetime of a message', { msilo: 'expire_time' }),
  checkTime: option(interval(), 10, 'between looks for what has expired', { msilo: 'check_time' }),
  tailTime: shared.tailTime,
  liveTimeout: option(
    milliseconds(1, 10_000),
    4_000,
    'a live delivery may take this long before the message is stored',
  ),
  dumpDelay: option(milliseconds(0, 60_000), 0, 'between the 200 to REGISTER and the first message'),
  maxAttempts: option(
    whole(1),
    8,
    'attempts that a device answers with a temporary failure before the message is a dead letter',
  ),
  addDate: option(flag, false, '`[Offline message - <date>] ` before text/plain bodies', {
    msilo: 'add_date',
  }),
  keepLedger: option(seconds(86_400), 604_800, 'an ended message is remembered this long'),
  maxLanes: option(whole(1), 500, 'boxes served at the same time'),
  sendRate: option(whole(0), 0, 'messages a second in all; 0: no limit'),
  hopRate: option(whole(0), 0, 'messages a second to one next hop; 0: no limit'),
  hopInFlight: option(whole(0), 0, 'messages in flight to one next hop; 0: no limit'),
  domainRate: option(whole(0), 0, 'messages a second for one domain; 0: no limit'),
  domainInFlight: option(whole(0), 0, 'messages in flight for one domain; 0: no limit'),
  maxPending: option(whole(1), 5_000, 'messages that may wait for their commit before new ones get 503'),
  maxLag: option(
    milliseconds(1),
    1_000,
    'the event loop may lag this much, or a message wait to be read, before new ones get 503',
  ),
  outcomes: option(
    outcomes,
    {},
    'verdicts that replace those of the outcome table, e.g. `404=dead,486=away`',
  ),
  keepDead: option(seconds(0), 2_592_000, 'a dead letter is kept this long', { note: '0: for ever' }),
  leaseTime: shared.leaseTime,
  stopGrace: shared.stopGrace,
  quarantine: option(
    flag,
    false,
    'begin a quarantine at the start: all is stored, and nothing leaves a box on any node, until `drachtio-silo quarantine end`',
  ),
  deliverTo: option(
    oneOf(['first', 'every']),
    'first',
    'who gets a message: the `first` device that takes it, or `every` known one',
  ),
  deviceMemory: option(
    seconds(1),
    2_592_000,
    'with `every`: a device is owed messages for this long after its last registration',
  ),
  newDeviceAge: option(
    seconds(0),
    259_200,
    'with `every`: a new device gets what waits if it is no older than this',
  ),
  maxMessages: option(whole(0), 0, 'messages that may wait for one address; 0: no limit', {
    msilo: 'max_messages',
  }),
  maxBytes: option(whole(0), 0, 'bytes of bodies and headers that may wait for one address; 0: no limit'),
  domainMaxMessages: option(whole(0), 0, 'messages that may wait for one domain; 0: no limit'),
  domainMaxBytes: option(whole(0), 0, 'bytes that may wait for one domain; 0: no limit'),
  senderShare: option(
    whole(1, 100),
    50,
    'percent of each of these that one sender may hold, but always 10 messages of 40,000 bytes; 100: all of it',
  ),
  overflow: option(
    oneOf(OVERFLOWS),
    'reject',
    'no room: refuse the new message (480), drop the oldest, or drop receipts and then refuse',
  ),
  maxReceipts: option(
    whole(0),
    100,
    'receipts that may wait for one address, the oldest gives way; 0: no limit',
  ),
  receiptExpireTime: option(seconds(1), 86_400, 'longest lifetime of a receipt'),
  storeTypes: option(types, [], 'media types that may be stored, such as `text/*`; empty: all'),
  skipTypes: option(types, [], 'media types that are never stored'),
  keepHeaders: option(headerNames, [], 'headers that are kept; empty: all that are end-to-end'),
  dropHeaders: option(headerNames, [], 'headers that are not kept'),
  extraHeaders: option(
    orCallback<ExtraHeaders>(headers),
    {},
    'headers to add to a delivery, a JSON object of templates',
    { msilo: 'extra_hdrs' },
  ),
  addContact: option(
    flag,
    false,
    'adds a Contact with the From URI and `msilo=yes`, which RFC 3428 forbids',
    { msilo: 'add_contact' },
  ),
  reuseCallId: option(flag, false, 'sends a message with the Call-ID that it came with', {
    msilo: 'use_mode 1',
  }),
  outboundProxy: option(hopUri, '', 'next hop, a SIP URI, of all that the silo sends; empty: as registered', {
    msilo: 'outbound_proxy',
  }),
  largeOverTcp: option(
    flag,
    false,
    'messages above 1,300 bytes go over TCP first, to devices that registered over UDP and name no transport; false: in one datagram',
  ),
  sendAtHeader: option(
    text.refine((name) => name === '' || mayBeAdded(name), 'wanted is the name of a header of its own'),
    '',
    'header that says when a message is to be sent, such as `X-Send-At`; empty: none',
  ),
  sendAtZone: option(zone, 'UTC', 'zone of times written `YYYYMMDDHHMMSS`, as msilo does'),
  maxSendAhead: option(seconds(1), 31_536_000, 'furthest time ahead at which a message may be sent'),
  reminderFrom: option(anyUri, '', 'From of messages sent at their set time; empty: the author', {
    msilo: 'reminder',
  }),
  noticeFrom: option(anyUri, '', 'From of the notice that a message was stored; empty: no notices', {
    msilo: 'from_address',
  }),
  noticeBody: option(
    orCallback<NoticeBody>(
      template(VARIABLES).refine(
        (body) => body.length <= LONGEST_TEMPLATE,
        `wanted are at most ${LONGEST_TEMPLATE} characters`,
      ),
    ),
    'Your message to {box} is stored. It will be delivered when {user} is back.',
    'template of its body',
    { msilo: 'offline_message' },
  ),
  noticeType: option(
    line.refine((type) => parseContentType(type) !== undefined, 'wanted is type/subtype'),
    'text/plain;charset=utf-8',
    'its Content-Type',
    { msilo: 'content_type_hdr' },
  ),
  noticeContact: option(
    template(VARIABLES).refine((contact) => !hasControl(contact), 'wanted is one line of text'),
    '',
    'template of its Contact; empty: none',
    { msilo: 'contact_hdr' },
  ),
  noticeToContact: option(flag, true, 'to the Contact of the MESSAGE if it has one, else to its From', {
    msilo: 'use_contact',
  }),
  noticeInterval: option(seconds(0), 3_600, 'between two notices to one author about one recipient'),
  noticeRate: option(whole(0), 10, 'notices a minute to one author; 0: no limit'),
  imdn: option(flag, true, 'sends the receipts that a CPIM message asks for (RFC 5438): stored, failed'),
});

export const SILO_DEFAULTS = siloOptions.defaults;
