/** Errors of a database, as a request is answered with them. */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';

const log = logger('store');

/** Storage does not answer: the request gets 503 with Retry-After and nothing is lost. */
export function unavailable(store: string, cause: unknown): SiloError {
  return new SiloError(
    'SILO_STORE_UNAVAILABLE',
    `The store ${store} did not do its work (${textOf(cause)}). The request is refused with 503; check that the database is up, reachable and writable.`,
    { status: 503, retryAfter: 10, cause },
  );
}

/**
 * A value that a column can't take: this one request is at fault, not the store. The database's own sentence has names of
 * columns in it, and is for the log.
 */
export function refusedValue(cause: unknown): SiloError {
  log.warn(`the database refused a value: ${textOf(cause)}`);
  return new SiloError(
    'SILO_REFUSED',
    'A header of this request is too long, or has characters that can not be stored: shorten it, or write it in UTF-8.',
    { status: 400, cause },
  );
}
