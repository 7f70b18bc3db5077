/**
 * The one place that knows drachtio-srf, with the guards its behaviour needs: callback form only (the promise
 * form loses answers that come in the same read as the echo), an own timer on every call, exactly one final
 * answer per request, rejections of handlers answered, frame window, no control characters.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type Srf from 'drachtio-srf';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { hasControl } from '../read/characters.ts';
import { badIdentifier } from '../read/identifiers.ts';
import { prepareCopied } from './response-headers.ts';
import { mayBeAnswered } from './dialog-guard.ts';
import { MAX_ANSWER, Unsendable, frameOf } from './frame.ts';
import { localAnswer, type LocalFailure } from './local-answer.ts';
import { withOwnHost } from './localhost.ts';
import type {
  SipRequest,
  SipResponse,
  Next,
  Handler,
  FailureHandler,
  ResponseOptions,
  OutgoingRequest,
  Answer,
} from './messages.ts';
import { createFrameWindow } from './window.ts';

const log = logger('sip:port');

export type { Srf };

/** A middleware as `srf.use(method, …)` takes it. */
export type Middleware = Extract<Parameters<Srf['use']>[1], (...args: never[]) => void>;

export interface Port {
  /** Wraps a handler for `srf.use`. */
  readonly middleware: (name: string, handler: Handler) => Middleware;
  /** Wraps a failure handler: four arguments at run time, which is how drachtio tells the two kinds apart. */
  readonly failureMiddleware: (name: string, handler: FailureHandler) => Middleware;
  /** Answers a request; a second final answer is dropped. */
  readonly respond: (res: SipResponse, status: number, options?: ResponseOptions) => void;
  /** Sends a request; always resolves, at the latest after `timeout` ms. */
  readonly send: (request: OutgoingRequest, timeout?: number) => Promise<Answer>;
  /** Resolves when all that was sent has left drachtio-server, or after a second. */
  readonly drained: () => Promise<void>;
  /** Is there a connection to drachtio-server? */
  readonly connected: () => boolean;
  /** SIP addresses of the drachtio-server, as it names itself; '' before the first connection. */
  readonly server: () => string;
  /** Calls the listener each time the connection was lost and is back. */
  readonly onReconnect: (listener: () => void) => void;
}

/** What we need of drachtio-srf at run time; its own types know less than it does. */
interface SrfAtRunTime {
  request(
    uri: string,
    options: {
      method: string;
      headers: Record<string, string>;
      body?: string;
      proxy?: string;
      stackDialogId?: string;
    },
    callback: (error: unknown, sent?: SentRequest) => void,
  ): void;
  on(event: string, listener: (...args: unknown[]) => void): void;
}

interface SentRequest {
  get(name: string): unknown;
  on(event: 'response', listener: (answer: PeerAnswer) => void): void;
}

interface PeerAnswer {
  readonly status: number;
  readonly reason?: string;
  readonly source_address?: string;
  get(name: string): unknown;
}

/** drachtio-server gives up after 32 s; our own limit only fires when it can't tell us. */
const ANSWER_LIMIT = 35_000;
/** A handler that has not answered by then never will. */
const HANDLER_LIMIT = 15_000;
/** drachtio-server acknowledges a frame at once, or never. */
const ACKNOWLEDGE_LIMIT = 5_000;

export function createPort(srf: Srf, handlerLimit = HANDLER_LIMIT): Port {
  const stack = srf as unknown as SrfAtRunTime;
  const window = createFrameWindow();
  // The plugin may be added before or after the host app has connected: assume the best until told otherwise.
  let connected = true;
  // Requests whose answer is still out: it can't come any more once the connection is gone.
  const outstanding = new Set<() => void>();
  let server = '';
  const reconnectListeners: (() => void)[] = [];
  stack.on('connect', (error, hostports) => {
    if (error) return;
    const again = !connected;
    connected = true;
    server = String(hostports).slice(0, 255);
    if (again) for (const listener of reconnectListeners) listener();
  });
  for (const event of ['close', 'reconnecting'])
    stack.on(event, () => {
      connected = false;
      window.reset();
      for (const lost of [...outstanding]) lost();
    });

  function respond(
    res: SipResponse,
    status: number,
    { reason, headers = {}, toTag, body, onSent = () => undefined }: ResponseOptions = {},
  ): void {
    if (res.finalResponseSent) {
      onSent(false);
      return;
    }
    if (res.msg) prepareCopied(res.msg.headers, toTag);
    const clean: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      if (!hasControl(value)) clean[name] = withOwnHost(name, value);
    const bytes = 1000 + JSON.stringify(clean).length + Buffer.byteLength(body ?? '');
    if (bytes > MAX_ANSWER) {
      // Sent, it would make drachtio-server deaf to everything that follows.
      log.error(`an answer ${status} of ${bytes} bytes is larger than drachtio passes: 500 instead`);
      respond(res, 500, { reason: 'The answer would be too large', onSent });
      return;
    }
    window.enter(bytes, (acknowledged) => {
      const done = once((sent: boolean) => {
        acknowledged();
        onSent(sent);
      });
      const send = (code: number) =>
        res.send(
          code,
          cleanReason(reason),
          { headers: clean, ...(body === undefined ? {} : { body }) },
          (error) => {
            done(!error);
            if (error) log.warn(`the answer ${code} did not go out: ${textOf(error)}`);
          },
        );
      try {
        try {
          send(status);
        } catch (error) {
          if (!/valid sip response code/.test(textOf(error))) throw error;
          // drachtio-srf knows the registered ones; any other means what the first of its class does (RFC 3261, 8.1.3.2).
          send(Math.floor(status / 100) * 100);
        }
        // Without a connection the callback may never come.
        setTimeout(() => done(false), ACKNOWLEDGE_LIMIT).unref();
      } catch (error) {
        done(false);
        log.warn(`the answer ${status} could not be sent: ${textOf(error)}`);
      }
    });
  }

  function answerError(res: SipResponse, name: string, error: unknown): void {
    if (error instanceof SiloError && error.status !== undefined) {
      log.debug(`${name}: ${error.status} ${error.message}`);
      respond(res, error.status, {
        reason: error.status === 503 ? 'Service Unavailable' : error.message,
        headers: error.retryAfter === undefined ? {} : { 'Retry-After': String(error.retryAfter) },
      });
    } else {
      log.error(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      respond(res, 500);
    }
  }

  /** Runs a handler so that whatever it does ends in one final answer or in `next()`. */
  function run(
    name: string,
    res: SipResponse,
    next: Next,
    handler: (next: Next) => void | Promise<void>,
  ): void {
    let handedOn = false;
    const timer = setTimeout(() => {
      if (handedOn || res.finalResponseSent) return;
      log.error(`${name} gave no answer within ${handlerLimit} ms`);
      respond(res, 503, { headers: { 'Retry-After': '10' } });
    }, handlerLimit);
    const finished = (error?: unknown) => {
      clearTimeout(timer);
      if (error !== undefined) answerError(res, name, error);
      else if (!handedOn && !res.finalResponseSent) setImmediate(noAnswer);
    };
    // A response may still wait in the frame window, hence only when none comes soon.
    const noAnswer = () =>
      setTimeout(() => {
        if (!handedOn && !res.finalResponseSent)
          answerError(res, name, new Error('it neither answered nor called next()'));
      }, 5000).unref();
    try {
      const running = handler((error) => {
        handedOn = true;
        clearTimeout(timer);
        next(error);
      });
      if (running) running.then(() => finished(), finished);
      else finished();
    } catch (error) {
      finished(error ?? new Error('thrown nothing'));
    }
  }

  return {
    middleware: (name, handler) => {
      const named = {
        [name]: (req: SipRequest, res: SipResponse, next: Next) => {
          if (!mayBeAnswered(req)) {
            log.warn(
              `a ${req.method} of ${req.source_address} gets no answer: drachtio-server would die of one`,
            );
            return;
          }
          const bad = badIdentifier(req);
          if (bad !== undefined) {
            respond(res, 400, { reason: bad });
            return;
          }
          run(name, res, next, (onward) => handler(req, res, onward));
        },
      }[name];
      return named as unknown as Middleware;
    },

    failureMiddleware: (name, handler) => {
      const named = {
        [name]: (error: unknown, req: SipRequest, res: SipResponse, next: Next) => {
          run(name, res, next, (onward) => handler(error, req, res, onward));
        },
      }[name];
      return named as unknown as Middleware;
    },

    respond,
    drained: () => Promise.race([window.drained(), sleep(1000, undefined, { ref: false })]),
    connected: () => connected,
    server: () => server,
    onReconnect: (listener) => void reconnectListeners.push(listener),

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

function once<T>(work: (value: T) => void): (value: T) => void {
  let called = false;
  return (value) => {
    if (!called) work(value);
    called = true;
  };
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

/** A reason phrase is one line of readable text; ours may be long sentences. */
function cleanReason(reason: string | undefined): string {
  if (reason === undefined) return '';
  return reason.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}
