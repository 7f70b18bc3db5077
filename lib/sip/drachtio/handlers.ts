/** Handlers as middlewares: whatever one does, its request ends in one final answer or with the next handler. */
import { SiloError, traceOf } from '../../base/errors.ts';
import { logger, type LogFields } from '../../base/log.ts';
import { header } from '../read/headers.ts';
import { badIdentifier } from '../read/identifiers.ts';
import { mayBeAnswered } from './dialog-guard.ts';
import type { FailureHandler, Handler, Next, SipRequest, SipResponse } from './messages.ts';
import { watchProxying } from './proxied.ts';
import { Run, type Asked } from './run.ts';
import type { Respond } from './respond.ts';
import type { Middleware } from './srf.ts';

const log = logger('sip:port');

/** A line of the log is no place for more of a stranger's text. */
const LONGEST_URI = 200;

export interface Handlers {
  /** Wraps a handler for `srf.use`. */
  readonly middleware: (name: string, handler: Handler) => Middleware;
  /** Wraps a failure handler: four arguments at run time, which is how drachtio tells the two kinds apart. */
  readonly failureMiddleware: (name: string, handler: FailureHandler) => Middleware;
}

function fieldsOf(req: SipRequest): LogFields {
  const { method, source_address, source_port } = req;
  return { method, callId: header(req, 'Call-ID') ?? '', source: `${source_address}:${source_port}` };
}

/** The first and the last line of each request. */
function trace(req: SipRequest, res: SipResponse): void {
  const fields = fieldsOf(req);
  log.debug(`${req.method} ${req.uri.slice(0, LONGEST_URI)} of ${fields.source ?? ''}`, fields);
  res.once('end', ({ status }) =>
    log.debug(`${req.method} is answered with ${status}`, { ...fields, status }),
  );
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
  function answerError({ name, req, res }: Asked, error: unknown): void {
    if (error instanceof SiloError && error.status !== undefined) {
      log.debug(`${name}: ${error.status} ${error.message}`, { ...fieldsOf(req), status: error.status });
      respond(res, error.status, {
        reason: error.status === 503 ? 'Service Unavailable' : error.message,
        headers: {
          ...error.headers,
          ...(error.retryAfter === undefined ? {} : { 'Retry-After': String(error.retryAfter) }),
        },
      });
    } else {
      log.error(`${name} failed: ${traceOf(error)}`, { ...fieldsOf(req), status: 500 });
      respond(res, 500);
    }
  }

  function tooLate({ name, req, res }: Asked): void {
    log.error(`${name} gave no answer within ${limit} ms`, fieldsOf(req));
    respond(res, 503, { headers: { 'Retry-After': '10' } });
  }

  const runContext = { limit, answerError, tooLate };

  function run(asked: Asked, next: Next, handler: (next: Next) => void | Promise<void>): void {
    new Run(asked, runContext).follow(next, handler);
  }

  /** Marks a request that was looked at: each passes several handlers. A set of them costs five times as much. A copy is another one. */
  const admitted = Symbol('admitted');

  /** May a handler see it? What may not be answered is not, and what would break out of the wire protocol is refused. */
  function admit(req: SipRequest, res: SipResponse): boolean {
    if (Reflect.get(req, admitted) === req) return true;
    if (!mayBeAnswered(req)) {
      log.warn(
        `a ${req.method} of ${req.source_address} gets no answer: drachtio-server would die of one`,
        fieldsOf(req),
      );
      return false;
    }
    if (log.isRead()) trace(req, res);
    const bad = badIdentifier(req);
    if (bad !== undefined) respond(res, 400, { reason: bad });
    else {
      Reflect.set(req, admitted, req);
      watch(req, res);
      if (req.method === 'MESSAGE') watchProxying(req);
    }
    return bad === undefined;
  }

  return {
    middleware: (name, handler) => {
      const named = {
        [name]: (req: SipRequest, res: SipResponse, next: Next) => {
          if (admit(req, res)) run({ name, req, res }, next, (onward) => handler(req, res, onward));
        },
      }[name];
      return named as unknown as Middleware;
    },

    failureMiddleware: (name, handler) => {
      const named = {
        [name]: (error: unknown, req: SipRequest, res: SipResponse, next: Next) => {
          run({ name, req, res }, next, (onward) => handler(error, req, res, onward));
        },
      }[name];
      return named as unknown as Middleware;
    },
  };
}
