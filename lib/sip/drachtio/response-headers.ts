/** The headers of an answer that drachtio-srf copies from its request: From, To, Call-ID and CSeq. */
import { withOwnHost } from './localhost.ts';
import { parseNameAddr } from '../read/name-addr.ts';

/**
 * Makes them fit to be sent. In drachtio's frame a fold would end the header; and drachtio-srf leaves our tag out when it
 * sees `tag=` anywhere in To, a display name included, so it is put there before.
 *
 * @param headers by their lower-case names; changed in place
 */
export function prepareCopied(headers: Record<string, string>, toTag: string | undefined): void {
  for (const [name, value] of Object.entries(headers))
    headers[name] = withOwnHost(name, value.replace(/\r?\n[ \t]+/g, ' ').trim());
  const to = headers['to'];
  if (toTag !== undefined && to !== undefined && !parseNameAddr(to)?.params.has('tag'))
    headers['to'] = `${to};tag=${toTag}`;
}
