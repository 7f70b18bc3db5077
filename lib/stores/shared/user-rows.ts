/** Rows of `subscriber` and of the keys, as both engines have them. */
import { SiloError } from '../../base/errors.ts';
import type { StoredNonceKey, Subscriber } from '../contract/users.ts';
import { int, text, type Row } from './values.ts';

export const SUBSCRIBER_COLUMNS = [
  ...['username', 'domain', 'password', 'ha1', 'ha1b', 'ha1_sha256', 'ha1b_sha256'],
] as const;

/** Hex digits of a SHA-256. A Kamailio whose auth module has `algorithm` SHA-256 keeps it in `ha1`. */
const SHA256 = 64;

export function toSubscriber(row: Row): Subscriber {
  const [ha1, ha1b] = [text(row, 'ha1').trim(), text(row, 'ha1b').trim()];
  const md5 = (digest: string) => (digest.length === SHA256 ? '' : digest);
  const sha = (digest: string, theirs: string) => digest || (theirs.length === SHA256 ? theirs : '');
  return {
    username: text(row, 'username'),
    domain: text(row, 'domain'),
    password: text(row, 'password'),
    ha1: md5(ha1),
    ha1b: md5(ha1b),
    ha1Sha256: sha(text(row, 'ha1_sha256').trim(), ha1),
    ha1bSha256: sha(text(row, 'ha1b_sha256').trim(), ha1b),
  };
}

/** In the order of the columns. */
export function fromSubscriber(subscriber: Subscriber): string[] {
  const { username, domain, password, ha1, ha1b, ha1Sha256, ha1bSha256 } = subscriber;
  return [username, domain, password, ha1, ha1b, ha1Sha256, ha1bSha256];
}

/** A table of another program may take `Bob` for `bob`; to a digest they are two. */
export function named(username: string, domain: string): (rows: readonly Row[]) => Subscriber | undefined {
  return (rows) => rows.map(toSubscriber).find((found) => isNamed(found, username, domain));
}

function isNamed(found: Subscriber, username: string, domain: string): boolean {
  return found.username === username && found.domain.toLowerCase() === domain;
}

/** Whom a table takes for this name. */
export const NAMESAKES = `select ${SUBSCRIBER_COLUMNS.join(', ')} from subscriber where username = ? and domain = ?`;

/**
 * @param rows those that the table takes for this name: what is written under it would be theirs
 * @throws SiloError when one of them is spelled otherwise
 */
export function refuseNamesake(
  rows: readonly Row[],
  { username, domain }: Pick<Subscriber, 'username' | 'domain'>,
): void {
  const other = rows.map(toSubscriber).find((found) => !isNamed(found, username, domain));
  if (other === undefined) return;
  throw new SiloError(
    'SILO_USAGE',
    `${JSON.stringify(`${username}@${domain}`)} can't be a user beside "${other.username}@${other.domain}": the table subscriber takes the two for one. ` +
      'Choose another name, remove that user, or give the column username a collation that tells them apart, such as utf8mb4_bin.',
  );
}

export function toNonceKey(row: Row): StoredNonceKey {
  return { id: int(row, 'id'), secret: text(row, 'secret'), made: int(row, 'made') };
}
