/** What an error of the database means: whether to try again, where, and whether the work may have been done. */

/** The database can't be used, at least not now. */
export class Unusable extends Error {}

/** A query got no answer in time; its connection is gone, what became of it is unknown. */
export class TimeLimit extends Unusable {}

/** A connection is gone. */
export class Lost extends Unusable {}

/** A host that answers, but must not be used: it says why. */
export class Unfit extends Unusable {}

/** Thrown inside a transaction to have it run again from its start. */
export class TryAgain extends Unusable {}

/**
 * - `conflict`: this transaction was the victim; the same again will do
 * - `value`: this one request is at fault
 * - `demoted`: the host must not be written to, or is about to go: use another
 * - `full`: the host can't store anything more
 * - `lost`: the connection is gone
 * - `other`: a bug of ours, a missing right: trying again is no use
 */
export type Fault = 'conflict' | 'value' | 'demoted' | 'full' | 'lost' | 'other';

/** Deadlock (and failed certification of Galera), lock wait over. */
const CONFLICT = new Set([1213, 1205]);
/** Null, too long, out of range, not in the character set. */
const VALUE = new Set([1048, 1264, 1366, 1406]);
/** Too many connections: of all, of this user, in this hour. */
const CROWDED = new Set([1040, 1203, 1226]);
/**
 * --read-only, read-only transaction, read-only mode; Galera node without quorum or not synced; shutdown;
 * no more connections.
 */
const DEMOTED = new Set([1290, 1792, 1836, 1047, 1053, ...CROWDED]);
/** No space (file, table, temporary file), error of the disk, engine or log. */
const FULL = new Set([3, 1021, 1026, 1030, 1114, 1180]);
/** Killed or cut off by the server; packets that did not come through; too slow for max_statement_time. */
const LOST = new Set([1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 1969, 3024, 4031]);
/** The key is there already. */
const DUPLICATE = 1062;
/** After these the server has certainly not committed. */
const ROLLED_BACK = new Set([...CONFLICT, 1290, 1792, 1836]);

export function faultOf(error: unknown): Fault {
  if (error instanceof TryAgain) return 'conflict';
  if (error instanceof Unfit) return 'demoted';
  if (error instanceof TimeLimit || error instanceof Lost) return 'lost';
  const number = errno(error);
  if (CONFLICT.has(number)) return 'conflict';
  if (VALUE.has(number)) return 'value';
  if (DEMOTED.has(number)) return 'demoted';
  if (FULL.has(number)) return 'full';
  if (LOST.has(number) || isFatal(error)) return 'lost';
  return 'other';
}

/** Did the database or the way to it throw this? Anything else is a bug of ours. */
export function isOfDatabase(error: unknown): boolean {
  return error instanceof Unusable || errno(error) > 0 || isFatal(error);
}

/** The server is there and answers, it only has no connection left for us. */
export function isCrowded(error: unknown): boolean {
  return CROWDED.has(errno(error));
}

/** The user has not the right to do this: on the database, on the table, an administrative one. */
export function isDenied(error: unknown): boolean {
  return [1044, 1142, 1227].includes(errno(error));
}

export function isDuplicate(error: unknown): boolean {
  return errno(error) === DUPLICATE;
}

export function isNoTable(error: unknown): boolean {
  return errno(error) === 1146;
}

/** A COMMIT that failed like this may have happened all the same. */
export function mayBeCommitted(error: unknown): boolean {
  return !ROLLED_BACK.has(errno(error));
}

/** A statement of its own that failed like this may have happened all the same. */
export function mayBeDone(error: unknown): boolean {
  return mayBeCommitted(error) && ['lost', 'demoted'].includes(faultOf(error));
}

/** Number of the server's error; 0 for errors of the connection (those of the system are negative in Node). */
function errno(error: unknown): number {
  return typeof error === 'object' && error !== null && 'errno' in error
    ? Math.max(0, Number(error.errno))
    : 0;
}

/** Errors of the socket and of the protocol, after which mysql2 can't use the connection. */
function isFatal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ('fatal' in error && error.fatal === true) ||
    ('code' in error && /^(E[A-Z]+|PROTOCOL_.*)$/.test(String(error.code)) && errno(error) === 0)
  );
}
