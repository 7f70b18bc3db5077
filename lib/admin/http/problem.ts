/** What goes wrong is said as a problem (RFC 9457): with a sentence to act on, and the SIP status where there is one. */
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SiloError, traceOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';

const log = logger('admin');

/** What SIP and HTTP mean alike; any other refusal is one of what was asked for. */
const ALIKE = new Set([400, 403, 404, 405, 409, 413, 415, 423, 500, 503]);
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  423: 'Locked',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export interface Problem {
  readonly status: number;
  readonly detail: string;
  /** Of the SIP answer that the same would get. */
  readonly sipStatus?: number;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly code?: string;
  /** What is wrong where in what was sent. */
  readonly errors?: readonly { readonly path: string; readonly detail: string }[];
  readonly headers?: Readonly<Record<string, string>>;
}

export function problemResponse(problem: Problem): Response {
  const { status, headers = {}, retryAfter, ...rest } = problem;
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, ...rest };
  return new Response(JSON.stringify({ ...body, ...(retryAfter === undefined ? {} : { retryAfter }) }), {
    status,
    headers: {
      ...headers,
      'Content-Type': 'application/problem+json',
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    },
  });
}

/** A refusal that is thrown, with a sentence for whoever asked. */
export class Refusal extends HTTPException {
  constructor(problem: Problem) {
    super(problem.status as ContentfulStatusCode, {
      message: problem.detail,
      res: problemResponse(problem),
    });
  }
}

/** Anything that was thrown. A fault of ours is told nobody but the log. */
export function responseTo(error: unknown): Response {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof SiloError) return problemResponse(problemOf(error));
  log.error(`a request by HTTP failed: ${traceOf(error)}`);
  return problemResponse({ status: 500, detail: 'Something is wrong here; the log says what.' });
}

function problemOf({ code, message, status, retryAfter }: SiloError): Problem {
  const common = {
    code,
    detail: message,
    ...(status === undefined ? {} : { sipStatus: status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  // A name that another message has.
  if (code === 'SILO_CONFLICT') return { ...common, status: 409 };
  if (status === undefined) return { ...common, status: code === 'SILO_USAGE' ? 400 : 500 };
  if (ALIKE.has(status)) return { ...common, status };
  // 480 is a box that is full, or a sender that sends too much: the latter may try again.
  if (status === 480) return { ...common, status: retryAfter === undefined ? 409 : 429 };
  return { ...common, status: status < 500 ? 422 : 500 };
}
