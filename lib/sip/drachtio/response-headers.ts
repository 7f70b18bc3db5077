/** Headers that would not leave as they are: what drachtio-server changes, and what drachtio-srf copies from a request into its answer. */
import { parseNameAddr } from '../read/name-addr.ts';

/** Bytes of what is copied; usual are two hundred. */
const MOST_COPIED = 1_000;

/** Of header lines. */
export function bytesOf(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(value) + 4,
    0,
  );
}

/**
 * Makes From, To, Call-ID and CSeq of an answer fit to be sent. In drachtio's frame a fold would end the header.
 *
 * To goes along only with a tag of ours, which is put at its end: drachtio-srf leaves our tag out when it sees `tag=` anywhere
 * in it, a display name included. Without, drachtio-server writes To by itself, and must: it dies of an answer to SUBSCRIBE
 * whose To has anything behind the tag of the request (docs/drachtio-server.md).
 *
 * @param headers by their lower-case names; changed in place
 */
export function prepareCopied(
  headers: Record<string, string>,
  { method, toTag }: { readonly method?: string | undefined; readonly toTag?: string | undefined },
): void {
  // drachtio-server has them by itself, and drops ours. Large ones, which anybody can write, would only make frames that it can't take.
  if (bytesOf(headers) > MOST_COPIED) {
    delete headers['from'];
    delete headers['cseq'];
    // By that drachtio-srf knows an INVITE that is unanswered.
    if (method !== 'INVITE') delete headers['call-id'];
  }
  for (const [name, value] of Object.entries(headers))
    headers[name] = withOwnHost(name, value.replace(/\r?\n[ \t]+/g, ' ').trim());
  const to = headers['to'];
  if (to === undefined) return;
  const tagged = parseNameAddr(to)?.params.has('tag') ?? true;
  if (toTag !== undefined && !tagged) headers['to'] = `${to};tag=${toTag}`;
  else delete headers['to'];
}

/**
 * drachtio-server puts its own address in the place of `@localhost` in some headers, and in a dialog it drops them. Where
 * localhost is the domain, or the host of a phone, that would be another address. Hosts have no case (RFC 3261 19.1.4), so
 * it is written in one that drachtio-server does not know.
 */
const CHANGED = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** The value to send for a header, so that it arrives with the host that it has. */
export function withOwnHost(name: string, value: string): string {
  return value.includes('@localhost') && CHANGED.has(name.toLowerCase())
    ? value.replaceAll('@localhost', '@LOCALHOST')
    : value;
}

/**
 * A header that stands in an answer several times, each time in a line of its own. drachtio-srf has one value for each name, and
 * drachtio-server writes an array of challenges as one line with commas between, which most phones can't read. Both take blanks
 * behind a name for no part of it (as RFC 3261 25.1, HCOLON, says), so the same name with one more blank is another header to the one
 * and the same to the other.
 */
export function repeated(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, nth) => [name + ' '.repeat(nth), value]));
}
