/**
 * Requests of ours: callback form only (the promise form loses answers that come in the same read as the echo), an own
 * timer on every one, and an answer in any case.
 */
import { textOf } from '../../base/errors.ts';
import { headersIn } from '../read/headers.ts';
import { hostToAsk } from '../read/next-hop.ts';
import { Unsendable, frameOf, type Frame } from './frame.ts';
import { localAnswer, type LocalFailure } from './local-answer.ts';
import type { Answer, OutgoingRequest, Send } from './messages.ts';
import { ACKNOWLEDGE_LIMIT, type PeerAnswer, type SrfAtRunTime } from './srf.ts';
import { InTurn, type Turn } from './wire/in-turn.ts';
import type { Forget, Heard, ShortWay } from './wire/short-way.ts';
import { keptReason, type TakenAnswer } from './wire/taken.ts';
import type { FrameWindow } from './wire/window.ts';

/** drachtio-server gives up after 32 s; our own limit only fires when it can't tell us. */
const ANSWER_LIMIT = 35_000;
/**
 * Requests whose answer may come at any moment. drachtio-server reads one datagram for all that it has of ours, and its socket holds
 * about 160: with as many answers on their way it loses some, and each phone that it asks again says again what it has said.
 */
const MAX_UNANSWERED = 64;
/** A phone that takes longer than this, ms, is far away, or not there: others wait for it no longer. */
const SOON = 30;

export interface Sender {
  readonly send: Send;
  /** The connection is gone: no answer that is still out can come any more. */
  readonly disconnected: () => void;
}

/** Whoever waits for the answer to one request. */
interface Sending {
  readonly finish: (answer: Answer) => void;
  readonly fail: (failure: LocalFailure, reason: string) => void;
}

export interface SenderOptions {
  readonly window: FrameWindow;
  readonly short?: Pick<ShortWay, 'request'>;
  /** Requests that may wait for an answer at a time. */
  readonly maxUnanswered?: number | undefined;
}

export function createSender(
  stack: SrfAtRunTime,
  { window, short, maxUnanswered = MAX_UNANSWERED }: SenderOptions,
): Sender {
  const outstanding = new Set<() => void>();
  const unanswered = new InTurn(maxUnanswered);

  /** Hands a request over; `done` is called once drachtio-server has acknowledged it, or never will. */
  function handOver(
    { uri }: OutgoingRequest,
    { options }: Frame,
    { finish, fail }: Sending,
    done: () => void,
  ): Forget | undefined {
    const limit = setTimeout(done, ACKNOWLEDGE_LIMIT);
    const acknowledged = () => {
      clearTimeout(limit);
      done();
    };
    let cseq = 0;
    const heard: Heard = {
      sent: (number) => {
        cseq = number;
        acknowledged();
      },
      refused: (error) => {
        acknowledged();
        fail(isNoDialog(error) ? 'no-dialog' : 'refused', textOf(error));
      },
      answered: (answer) => finish(asAnswer(answer, cseq)),
    };
    try {
      const forget = short?.request(uri, options, heard);
      if (forget === undefined) requestBySrf(stack, uri, options, { ...heard, answered: finish });
      return forget;
    } catch (error) {
      acknowledged();
      fail('disconnected', textOf(error));
      return undefined;
    }
  }

  return {
    disconnected: () => {
      // The last first: those that wait must not go when those before them make room.
      for (const lost of [...outstanding].reverse()) lost();
      unanswered.reset();
    },

    send: (request, timeout = ANSWER_LIMIT) =>
      new Promise((resolve) => {
        let finished = false;
        let left = false;
        let forget: Forget | undefined;
        /** Makes room for another one. */
        let makeRoom: () => void = () => undefined;
        let late: NodeJS.Timeout | undefined;
        const finish = (answer: Answer) => {
          finished = true;
          clearTimeout(timer);
          clearTimeout(late);
          forget?.();
          outstanding.delete(lost);
          resolve(answer);
          makeRoom();
        };
        const fail = (failure: LocalFailure, reason: string) => finish(localAnswer(failure, reason));
        const lost = () => fail('disconnected', 'the connection to drachtio-server is gone');
        const timer = setTimeout(() => {
          if (left) fail('timeout', 'no answer within our own time limit');
          else fail('disconnected', 'drachtio-server has taken nothing of ours within our own time limit');
        }, timeout);
        outstanding.add(lost);

        const frame = frameOf(request);
        if (frame instanceof Unsendable) {
          fail(frame.failure, frame.reason);
          return;
        }
        unanswered.enter(turnOf(request), (answered) => {
          makeRoom = answered;
          window.enter('request', frame.bytes, (done) => {
            if (!finished && request.wanted?.() === false)
              fail('withdrawn', 'it was no more wanted when its turn came');
            // Whoever asked has had an answer: sent now, it would be there and nobody knew.
            if (finished) {
              done();
              answered();
              return;
            }
            left = true;
            late = setTimeout(answered, SOON);
            forget = handOver(request, frame, { finish, fail }, done);
          });
        });
      }),
  };
}

/** Inside a dialog the next hop is drachtio-server's to know. */
function turnOf({ method, uri, proxy, dialogId, headers }: OutgoingRequest): Turn {
  const whom = dialogId === undefined ? (hostToAsk(proxy ?? uri) ?? '') : (headers['To'] ?? '');
  return { kind: method, whom };
}

/** The long way. */
interface HeardBySrf extends Pick<Heard, 'sent' | 'refused'> {
  readonly answered: (answer: Answer) => void;
}

function requestBySrf(
  stack: SrfAtRunTime,
  uri: string,
  options: Frame['options'],
  { sent, refused, answered }: HeardBySrf,
): void {
  stack.request(uri, options, (error, request) => {
    if (error || !request) {
      refused(error);
      return;
    }
    const cseq = parseInt(String(request.get('CSeq')), 10) || 0;
    sent(cseq);
    request.on('response', (answer) => answer.status >= 200 && answered(asAnswerOfSrf(answer, cseq)));
  });
}

function isNoDialog(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENODIALOG';
}

function asAnswer({ status, reason, isOfPeer, head }: TakenAnswer, cseq: number): Answer {
  return {
    status,
    reason,
    origin: isOfPeer ? 'peer' : 'stack',
    cseq,
    // Few are asked, and those once.
    header: (name) => headersIn(head).get(name.toLowerCase()),
  };
}

function asAnswerOfSrf(answer: PeerAnswer, cseq: number): Answer {
  return {
    status: answer.status,
    reason: keptReason(answer.reason),
    origin: answer.source_address ? 'peer' : 'stack',
    cseq,
    header: (name) => {
      const value = answer.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}
