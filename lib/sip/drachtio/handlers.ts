/** Handlers as middlewares: whatever one does, its request ends in one final answer or with the next handler. */
import { SiloError } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { badIdentifier } from '../read/identifiers.ts';
import { mayBeAnswered } from './dialog-guard.ts';
import type { FailureHandler, Handler, Next, SipRequest, SipResponse } from './messages.ts';
import { watchProxying } from './proxied.ts';
import type { Respond } from './respond.ts';
import type { Middleware } from './srf.ts';

const log = logger('sip:port');

/** For so long, ms, the answer of a handler that has returned may still wait in the frame window. */
const FORGOTTEN_MS = 5_000;

export interface Handlers {
  /** Wraps a handler for `srf.use`. */
  readonly middleware: (name: string, handler: Handler) => Middleware;
  /** Wraps a failure handler: four arguments at run time, which is how drachtio tells the two kinds apart. */
  readonly failureMiddleware: (name: string, handler: FailureHandler) => Middleware;
}

/**
 * @param limit ms after which a handler that has not answered never will
 * @param watch sees each request once
 */
export function createHandlers(
  respond: Respond,
  limit: number,
  watch: (req: SipRequest, res: SipResponse) => void = () => undefined,
): Handlers {
  function answerError(res: SipResponse, name: string, error: unknown): void {
    if (error instanceof SiloError && error.status !== undefined) {
      log.debug(`${name}: ${error.status} ${error.message}`);
      respond(res, error.status, {
        reason: error.status === 503 ? 'Service Unavailable' : error.message,
        headers: {
          ...error.headers,
          ...(error.retryAfter === undefined ? {} : { 'Retry-After': String(error.retryAfter) }),
        },
      });
    } else {
      log.error(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      respond(res, 500);
    }
  }

  function run(
    name: string,
    res: SipResponse,
    next: Next,
    handler: (next: Next) => void | Promise<void>,
  ): void {
    let handedOn = false;
    const timer = setTimeout(() => {
      if (handedOn || res.finalResponseSent) return;
      log.error(`${name} gave no answer within ${limit} ms`);
      respond(res, 503, { headers: { 'Retry-After': '10' } });
    }, limit);
    const finished = (error?: unknown) => {
      clearTimeout(timer);
      if (error !== undefined) answerError(res, name, error);
      else if (!handedOn && !res.finalResponseSent) setImmediate(noAnswer);
    };
    const noAnswer = () =>
      setTimeout(() => {
        if (!handedOn && !res.finalResponseSent)
          answerError(res, name, new Error('it neither answered nor called next()'));
      }, FORGOTTEN_MS).unref();
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

  /** Requests that were looked at: each passes several handlers. */
  const admitted = new WeakSet<SipRequest>();

  /** May a handler see it? What may not be answered is not, and what would break out of the wire protocol is refused. */
  function admit(req: SipRequest, res: SipResponse): boolean {
    if (admitted.has(req)) return true;
    if (!mayBeAnswered(req)) {
      log.warn(`a ${req.method} of ${req.source_address} gets no answer: drachtio-server would die of one`);
      return false;
    }
    const bad = badIdentifier(req);
    if (bad !== undefined) respond(res, 400, { reason: bad });
    else {
      admitted.add(req);
      watch(req, res);
      if (req.method === 'MESSAGE') watchProxying(req);
    }
    return bad === undefined;
  }

  return {
    middleware: (name, handler) => {
      const named = {
        [name]: (req: SipRequest, res: SipResponse, next: Next) => {
          if (admit(req, res)) run(name, res, next, (onward) => handler(req, res, onward));
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
  };
}
