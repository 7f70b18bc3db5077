/** What a program of the host app has waiting for a mailbox: a source of the lamp beside those that publish by SIP. */
import { z } from 'zod';
import { setIdentity } from '../../auth/identity.ts';
import { SiloError } from '../../base/errors.ts';
import { checkArgument } from '../../options/argument.ts';
import { ownRequest, type SipRequest } from '../../sip/drachtio/messages.ts';
import { WIDTHS, needKept } from '../../stores/contract/widths.ts';
import type { Access } from '../request/access.ts';
import { granted } from '../request/event-package.ts';
import { mendAccountUri } from '../summary/account.ts';
import {
  CONTEXT_CLASSES,
  MAX_COUNT,
  type ContextClass,
  type Counts,
  type Summary,
} from '../summary/summary.ts';
import { asStored, limitsOf, publish, type PublishContext } from './publish.ts';

/** As a PUBLISH, with the same rules. */
export interface LampSource {
  /** Whose lamp: an AoR (`bob@example.org`) or a URI; of a domain that is served here. */
  readonly mailbox: string;
  /** Its name among the sources of this mailbox: letters, digits, `.`, `-` and `_`. `mwiPriority` may name it. */
  readonly source: string;
  /** What waits, by class (RFC 3842), such as `{ 'Voice-Message': { new: 2, old: 1 } }`; null: this source has nothing to say any more. */
  readonly counts: Readonly<Partial<Record<ContextClass, Counts>>> | null;
  /** Default: whether anything in `counts` is new. */
  readonly waiting?: boolean | undefined;
  /** Message-Account, a URI. */
  readonly account?: string | undefined;
  /** Seconds for which this holds, unless it is said again; 0 is as `counts: null`. Default `defaultPublication`, the most `maxPublication`. */
  readonly expires?: number | undefined;
}

export interface Published {
  /** Canonical AoR. */
  readonly mailbox: string;
  readonly source: string;
  /** Seconds for which it holds; 0: it is removed. */
  readonly expires: number;
}

/**
 * Takes the place of what this source has said of this mailbox before. It is committed, the phones are told at once, those of other
 * nodes too, and it outlives a restart.
 *
 * @throws SiloError with the status and the sentence that a PUBLISH would get (404 no such mailbox, 423 too short, 500 with `retryAfter` too
 *   many, 503); `SILO_USAGE` (400) for an argument that can't be read
 */
export type Publish = (source: LampSource) => Promise<Published>;

export interface ProgramContext extends Pick<PublishContext, 'store' | 'settings' | 'now' | 'changed'> {
  readonly access: Pick<Access, 'named'>;
  /** May so much be asked? @throws SiloError when not */
  readonly mayAsk: (req: SipRequest) => void;
}

const COUNT = `wanted is a whole number from 0 to ${MAX_COUNT}`;
const COUNTS = `wanted is null, or an object such as { "Voice-Message": { new: 2, old: 1 } } with ${CONTEXT_CLASSES.join(', ')}`;
const MAILBOX = 'wanted is an address such as bob@example.org';
// No AoR and no URI looks like this: such a name is never that of somebody who publishes by SIP.
const SOURCE =
  'wanted is a name of letters, digits, ".", "-" and "_", such as voicemail, of at most 64 characters';
const ACCOUNT = 'wanted is a URI such as sip:voicemail@example.org';
const SECONDS = 'wanted is a whole number of seconds, 0 to remove it';

const count = z.int(COUNT).min(0, COUNT).max(MAX_COUNT, COUNT);
const counts = z
  .strictObject(
    { new: count, old: count, urgentNew: count.optional(), urgentOld: count.optional() },
    'wanted is { new, old } and, of these, { urgentNew, urgentOld }',
  )
  .refine(
    ({ new: fresh, old, urgentNew = 0, urgentOld = 0 }) => urgentNew <= fresh && urgentOld <= old,
    'wanted are at most as many urgent messages as messages',
  );

const lampSource = z.strictObject({
  mailbox: z.string(MAILBOX).min(1, MAILBOX),
  source: z.string(SOURCE).regex(/^[A-Za-z0-9][\w.-]{0,63}$/, SOURCE),
  counts: z.partialRecord(z.enum(CONTEXT_CLASSES, COUNTS), counts, COUNTS).nullable(),
  waiting: z.boolean('wanted is true or false').optional(),
  account: z
    .string(ACCOUNT)
    .refine((uri) => mendAccountUri(uri) !== undefined, ACCOUNT)
    .optional(),
  expires: z.int(SECONDS).min(0, SECONDS).optional(),
});

export function createPublish(context: ProgramContext): Publish {
  const { access, mayAsk, settings } = context;
  return async (given) => {
    const said = checkArgument('mwi.publish', lampSource, given);
    const { source } = said;
    mayAsk(askedBy(source, said.mailbox));
    const mailbox = await access.named(said.mailbox);
    needKept(['The address of the mailbox', mailbox, WIDTHS.aor]);
    const limits = limitsOf(settings);
    const lifetime = said.counts === null ? 0 : granted(said.expires, limits);
    if (lifetime === 'brief')
      throw new SiloError(
        'SILO_REFUSED',
        `It is to hold for ${String(said.expires)} s; wanted are at least ${limits.min} s, or 0 to remove it.`,
        { status: 423, headers: { 'Min-Expires': String(limits.min) } },
      );
    const body = asStored(summaryOf(said));
    const publishing = { mailbox, publisher: source, replace: true, ifMatch: undefined, body };
    await publish(context, publishing, lifetime, () => undefined);
    return { mailbox, source, expires: lifetime };
  };
}

function summaryOf({ counts: given, waiting, account }: z.output<typeof lampSource>): Summary {
  const known = new Map<ContextClass, Counts>();
  for (const name of CONTEXT_CLASSES) {
    const { new: fresh, old, urgentNew, urgentOld } = given?.[name] ?? {};
    if (fresh === undefined || old === undefined) continue;
    known.set(name, {
      new: fresh,
      old,
      ...(urgentNew === undefined ? {} : { urgentNew }),
      ...(urgentOld === undefined ? {} : { urgentOld }),
    });
  }
  return {
    waiting: waiting ?? [...known.values()].some((value) => value.new > 0),
    ...(account === undefined ? {} : { account }),
    counts: known,
    messages: [],
  };
}

/** As the limits know who asks. */
function askedBy(source: string, mailbox: string): SipRequest {
  const uri = /^(?:sips?|tel|im|pres):/i.test(mailbox) ? mailbox : `sip:${mailbox}`;
  const req = ownRequest({ method: 'PUBLISH', uri, headers: { To: `<${uri}>` } });
  setIdentity(req, { kind: 'network', aor: source, hop: req.source_address });
  return req;
}
