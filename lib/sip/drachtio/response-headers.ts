/** The headers of an answer that drachtio-srf copies from its request: From, To, Call-ID and CSeq. */
import { withOwnHost } from './localhost.ts';
import { parseNameAddr } from '../read/name-addr.ts';

/**
 * Makes them fit to be sent. In drachtio's frame a fold would end the header.
 *
 * To goes along only with a tag of ours, which is put at its end: drachtio-srf leaves our tag out when it sees `tag=` anywhere
 * in it, a display name included. Without, drachtio-server writes To by itself, and must: it dies of an answer to SUBSCRIBE
 * whose To has anything behind the tag of the request (docs/drachtio-server.md).
 *
 * @param headers by their lower-case names; changed in place
 */
export function prepareCopied(headers: Record<string, string>, toTag: string | undefined): void {
  for (const [name, value] of Object.entries(headers))
    headers[name] = withOwnHost(name, value.replace(/\r?\n[ \t]+/g, ' ').trim());
  const to = headers['to'];
  if (to === undefined) return;
  const tagged = parseNameAddr(to)?.params.has('tag') ?? true;
  if (toTag !== undefined && !tagged) headers['to'] = `${to};tag=${toTag}`;
  else delete headers['to'];
}
