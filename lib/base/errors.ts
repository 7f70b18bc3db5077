/** Errors carry a stable `code`, a sentence (found, wanted, do), the SIP status that answers them and the cause. */

export type SiloErrorCode =
  | 'SILO_CONFIG'
  | 'SILO_STORE_UNAVAILABLE'
  | 'SILO_STORE_URL'
  | 'SILO_SCHEMA_NEWER'
  | 'SILO_SCHEMA'
  | 'SILO_REFUSED'
  | 'SILO_SOURCE'
  | 'SILO_USAGE'
  | 'SILO_SIP_SYNTAX'
  | 'SILO_SIP_SEND'
  | 'SILO_CONFLICT'
  | 'SILO_CLOSED';

export interface SiloErrorOptions {
  /** SIP status that answers the request when this error ends it. */
  readonly status?: number;
  /** Seconds for a Retry-After header. */
  readonly retryAfter?: number;
  /** Other headers that the answer must have. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The one error class of this package: match `code`, never the text. */
export class SiloError extends Error {
  readonly code: SiloErrorCode;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: SiloErrorCode, message: string, options: SiloErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SiloError';
    this.code = code;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
    this.headers = options.headers ?? {};
  }
}

/** Where anything that was thrown was thrown: for the log, when it should not have happened. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The text of anything that was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
