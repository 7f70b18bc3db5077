/** A program sends a message: on the way that a MESSAGE takes which came by SIP, without the wire. */
import { SiloError } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header } from '../../sip/read/headers.ts';
import { notServed } from '../../sip/read/recipient.ts';
import type { SubmissionEnd } from '../../stores/contract/submissions.ts';
import { sendLive, type SendLiveContext } from '../deliver/on-live.ts';
import type { StoreResult } from '../receive/accept.ts';
import { boxOf } from '../receive/box-of-request.ts';
import { LiveFailure } from '../receive/live-failure.ts';
import { keyOf, whyNotStored } from '../receive/message-of-request.ts';
import { receive, receiveFailed, type Incoming, type ReceptionContext } from '../receive/reception.ts';
import { fieldsOf } from '../state/log-fields.ts';
import type { WakeBox } from '../state/wake.ts';
import { asRequest, namesOf } from './as-request.ts';
import { once, type Done, type OnceContext } from './once.ts';
import { readSubmission } from './read-submission.ts';
import type { Submit } from './submission.ts';
import { Turns } from './turns.ts';

const log = logger('silo:submit');

/** May so much be asked by who sends this? Throws a SiloError when not. `createLimits` has one. */
export type MayAsk = (req: SipRequest) => void;

export interface SubmitContext extends ReceptionContext, SendLiveContext, Pick<OnceContext, 'node'> {
  readonly store: ReceptionContext['store'] & OnceContext['store'];
  readonly bindings: ReceptionContext['bindings'];
  readonly mayAsk: MayAsk;
  /** Is this AoR of a domain that is served, beside what `domains` says? */
  readonly serves: (aor: string) => boolean;
  readonly wake: WakeBox;
}

export interface Submitter {
  readonly submit: Submit;
  /** Nothing more is taken on; what has begun is waited for, at most `grace` ms. */
  readonly close: (grace: number) => Promise<void>;
}

export function createSubmit(context: SubmitContext): Submitter {
  const { settings, serves, mayAsk } = context;
  const turns = new Turns();
  return {
    close: (grace) => turns.close(grace),

    submit: async (given) => {
      const submission = readSubmission(given);
      const req = asRequest(submission, settings);
      mayAsk(req);
      const box = boxOf(req, settings);
      if (box === undefined || !serves(box)) throw notServed(box);
      const [key, callId] = [keyOf(req, box), header(req, 'Call-ID') ?? ''];
      log.debug(`a program submits a message for ${box}`, fieldsOf({ box, key, callId }, settings));
      const { sendAt } = submission;
      const incoming: Incoming = { req, box, over: sendAt === undefined ? {} : { sendAt } };
      const names = namesOf(submission);
      const done = await turns.take(box, async () =>
        names === undefined
          ? send(context, incoming, () => Promise.resolve())
          : once(context, names, {
              first: (ended) => send(context, incoming, ended),
              again: (ended) => sendAgain(context, incoming, ended),
            }),
      );
      return { ...done, box, key, callId };
    },
  };
}

/**
 * Live first, else the box.
 *
 * @param ended called when a device has it, before the next message to that device leaves: if we die, one is in doubt
 * @throws SiloError
 */
async function send(
  context: SubmitContext,
  incoming: Incoming,
  ended: (end: SubmissionEnd) => Promise<void>,
): Promise<Done> {
  const reception = await receive(context, incoming);
  if (reception.way === 'taken') return { ...DELIVERED, repeated: true };
  if (reception.way === 'box') {
    if (reception.wake) context.wake(incoming.box, reception.wake);
    return endOf(reception.result);
  }
  try {
    await sendLive(context, incoming, () => ended(DELIVERED));
    return { ...DELIVERED, repeated: false };
  } catch (error) {
    const result = error instanceof LiveFailure ? await receiveFailed(context, incoming, error) : undefined;
    if (result) return endOf(result);
    throw error instanceof LiveFailure
      ? new SiloError('SILO_REFUSED', error.message, { status: error.status })
      : error;
  }
}

/** By way of the box, whose ledger knows what was stored before; what a device has had, it knows by its Call-ID. */
async function sendAgain(
  context: SubmitContext,
  incoming: Incoming,
  ended: (end: SubmissionEnd) => Promise<void>,
): Promise<Done> {
  const { req, box, over } = incoming;
  if (context.wasDelivered(keyOf(req, box))) return { ...DELIVERED, repeated: true };
  // What must not wait can only be tried again.
  if (whyNotStored(req, context.settings) !== undefined) return send(context, incoming, ended);
  const end = endOf(await context.acceptor.store(req, over));
  context.wake(box, 'accept');
  return end;
}

const DELIVERED = { outcome: 'delivered', id: 0 } as const satisfies SubmissionEnd;

/** @throws SiloError for a refusal */
function endOf(result: StoreResult): Done {
  if ('key' in result) return { outcome: 'stored', id: result.id, repeated: result.result === 'repeated' };
  const { status, reason, retryAfter } = result;
  throw new SiloError(result.result === 'refused' ? 'SILO_REFUSED' : 'SILO_STORE_UNAVAILABLE', reason, {
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}
