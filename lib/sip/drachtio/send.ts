/**
 * Requests of ours: callback form only (the promise form loses answers that come in the same read as the echo), an own
 * timer on every one, and an answer in any case.
 */
import { textOf } from '../../base/errors.ts';
import { Unsendable, frameOf } from './frame.ts';
import { localAnswer, type LocalFailure } from './local-answer.ts';
import type { Answer, Send } from './messages.ts';
import { ACKNOWLEDGE_LIMIT, type PeerAnswer, type SrfAtRunTime } from './srf.ts';
import type { FrameWindow } from './window.ts';

/** drachtio-server gives up after 32 s; our own limit only fires when it can't tell us. */
const ANSWER_LIMIT = 35_000;

export interface Sender {
  readonly send: Send;
  /** The connection is gone: no answer that is still out can come any more. */
  readonly disconnected: () => void;
}

export function createSender(stack: SrfAtRunTime, window: FrameWindow): Sender {
  const outstanding = new Set<() => void>();
  return {
    disconnected: () => {
      for (const lost of [...outstanding]) lost();
    },

    send: (request, timeout = ANSWER_LIMIT) =>
      new Promise((resolve) => {
        const finish = (answer: Answer) => {
          clearTimeout(timer);
          outstanding.delete(lost);
          resolve(answer);
        };
        const fail = (failure: LocalFailure, reason: string) => finish(localAnswer(failure, reason));
        const lost = () => fail('disconnected', 'the connection to drachtio-server is gone');
        const timer = setTimeout(() => fail('timeout', 'no answer within our own time limit'), timeout);
        outstanding.add(lost);

        const frame = frameOf(request);
        if (frame instanceof Unsendable) {
          fail(frame.failure, frame.reason);
          return;
        }
        window.enter(frame.bytes, (done) => {
          const unacknowledged = setTimeout(done, ACKNOWLEDGE_LIMIT);
          const acknowledged = () => {
            clearTimeout(unacknowledged);
            done();
          };
          try {
            stack.request(request.uri, frame.options, (error, sent) => {
              acknowledged();
              if (error || !sent) {
                fail(isNoDialog(error) ? 'no-dialog' : 'refused', textOf(error));
                return;
              }
              const cseq = parseInt(String(sent.get('CSeq')), 10) || 0;
              sent.on('response', (answer) => answer.status >= 200 && finish(asAnswer(answer, cseq)));
            });
          } catch (error) {
            acknowledged();
            fail('disconnected', textOf(error));
          }
        });
      }),
  };
}

function isNoDialog(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENODIALOG';
}

function asAnswer(answer: PeerAnswer, cseq: number): Answer {
  return {
    status: answer.status,
    reason: answer.reason ?? '',
    origin: answer.source_address ? 'peer' : 'stack',
    cseq,
    header: (name) => {
      const value = answer.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}
