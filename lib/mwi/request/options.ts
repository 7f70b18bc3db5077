/** Options of the lamps: each with how it is read, its default and what it means. */
import { z } from 'zod';
import { faultOfPublisher, faultOfWatcher, LOCAL } from '../../auth/lamp-rules.ts';
import { shared } from '../../node/options.ts';
import {
  callback,
  checkedList,
  exactList,
  flag,
  milliseconds,
  oneOf,
  orCallback,
  seconds,
  template,
} from '../../options/kinds.ts';
import { defineOptions, option, type GivenOf, type SettingsOf } from '../../options/option.ts';
import { bounds } from '../../options/rules.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { domains, ims, telDomain } from '../../sip/options.ts';
import { faultOfAlias } from './aliases.ts';
import { mendAccountUri } from '../summary/account.ts';
import type { FormatOptions } from '../summary/summary.ts';

/** Asked before a request is served; false is answered with 403. */
export type Authorize = (req: SipRequest, mailbox: string) => boolean | Promise<boolean>;

/** Message-Account of a mailbox: a template, or a function; undefined or '': none. */
type Account = string | ((mailbox: string) => string | undefined);
/** The mailbox that a request is about, an AoR; undefined: what its Request-URI or To says. */
type MailboxOf = (req: SipRequest) => string | undefined | Promise<string | undefined>;
type Knows = (mailbox: string) => boolean | Promise<boolean>;

const account = template(['aor', 'user', 'domain']).refine((text) => {
  const uri = text.replace(/\{aor\}/g, 'a@example.org').replace(/\{\w+\}/g, 'a');
  return uri === '' || mendAccountUri(uri) !== undefined;
}, 'wanted is a URI such as sip:voicemail-{user}@{domain}');

const aliases = checkedList('users, AoRs or hosts', faultOfAlias);

const publishers = checkedList('networks or addresses', faultOfPublisher);
const watchers = checkedList('pairs such as reception@example.org>sales@example.org', faultOfWatcher);

const format: z.ZodType<FormatOptions> = z
  .strictObject({
    urgent: oneOf(['always', 'given', 'never']).optional(),
    video: flag.optional(),
    messages: flag.optional(),
    emptyLineAtEnd: flag.optional(),
  })
  .transform((given): FormatOptions => JSON.parse(JSON.stringify(given)) as FormatOptions);

export type MwiOptions = GivenOf<typeof mwiOptions>;
export type MwiSettings = SettingsOf<typeof mwiOptions>;

export const mwiOptions = defineOptions(
  'createMwi',
  {
    domains,
    telDomain,
    ims,
    ...shared,
    compose: option(
      oneOf(['sum', 'latest', 'priority']),
      'sum',
      'publications of several publishers: add them up, the latest, or the first of mwiPriority',
    ),
    priority: option(exactList('publishers'), [], 'publishers (AoRs), the weightiest first'),
    waiting: option(
      oneOf(['either', 'counts', 'flags']),
      'either',
      'what says `yes`: a new message, the word of a publisher, or one of both',
    ),
    showSilo: option(
      oneOf(['pager', 'voice', 'both', 'off']),
      'pager',
      'messages that wait count as Pager-Message, as Voice-Message, both, or not',
    ),
    account: option(
      orCallback<Account>(account),
      '',
      'Message-Account, a URI with `{aor}`, `{user}`, `{domain}`; empty: none',
    ),
    bodies: option(
      oneOf(['strict', 'lenient', 'off']),
      'lenient',
      'how strictly a published summary is read',
    ),
    replacePublisher: option(flag, true, 'a first PUBLISH replaces what the same From has published before'),
    aliases: option(
      aliases,
      [],
      "users, AoRs or hosts that stand for the subscriber's own mailbox, such as `*97`, or with `{user}` for that user's, such as `*98{user}`",
    ),
    publishers: option(
      publishers,
      [LOCAL],
      'who may publish, a comma list: identities as AoRs or patterns, servers without a proxy between as CIDRs; `local`: docs/message-waiting.md',
    ),
    watchers: option(
      watchers,
      [],
      'who may watch which mailbox beside their own, a comma list such as `boss@example.org>sales@example.org, *@example.org>info@example.org`',
    ),
    minSubscription: option(seconds(0), 60, 'shortest subscription', { note: 'shorter ones get 423' }),
    maxSubscription: option(seconds(1), 86_400, 'longest subscription'),
    defaultSubscription: option(seconds(1), 3_600, 'subscription without Expires'),
    minPublication: option(seconds(0), 60, 'shortest publication', { note: 'shorter ones get 423' }),
    maxPublication: option(seconds(1), 86_400, 'longest publication'),
    defaultPublication: option(seconds(1), 3_600, 'publication without Expires'),
    notifyInterval: option(milliseconds(0), 1_000, 'between two NOTIFYs to one phone'),
    spread: option(
      milliseconds(0),
      3_000,
      'at a start or a stop, phones are told to come back over this time',
    ),
    unsolicited: option(
      oneOf(['off', 'terminated', 'active']),
      'off',
      'NOTIFY without a subscription, with this Subscription-State',
    ),
    authorizeSubscribe: inCode(
      callback<Authorize>(),
      'may this request watch? by default its identity must be the AoR, or its From where nobody authenticates',
    ),
    authorizePublish: inCode(
      callback<Authorize>(),
      'may this request publish? by default those of `publishers`',
    ),
    mailboxOf: inCode(
      callback<MailboxOf>(),
      'which mailbox is this request about? undefined: as its address, or an alias, says',
    ),
    knows: inCode(
      callback<Knows>(),
      'is there such a mailbox? by default every AoR of a served domain is one',
    ),
    otherEvents: option(
      oneOf(['refuse', 'pass']),
      'refuse',
      'other event packages: refuse (489), or pass to the next handler',
      { inCode: true },
    ),
    format: option(format, {}, 'how a summary is written', { inCode: true }),
  },
  {
    prefix: 'mwi',
    rules: [
      bounds('minSubscription', 'defaultSubscription', 'maxSubscription'),
      bounds('minPublication', 'defaultPublication', 'maxPublication'),
    ],
  },
);

export const MWI_DEFAULTS = mwiOptions.defaults;

/** A function that nobody has to give. */
function inCode<Callback>(schema: z.ZodType<Callback>, sentence: string) {
  return option<Callback | undefined>(schema.optional(), undefined, sentence, { inCode: true });
}
