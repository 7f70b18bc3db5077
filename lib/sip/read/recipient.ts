/** Which AoR a request is for: the Request-URI if it is an AoR of a served domain, else To. */
import { header, parseNameAddr, type HeaderSource } from './headers.ts';
import { aorOf, parseUri, splitAor, type AorOptions } from './uri.ts';

export interface RecipientRequest extends HeaderSource {
  readonly uri: string;
}

export interface RecipientOptions extends AorOptions {
  readonly domains: readonly string[];
}

/**
 * The owner's canonical AoR; undefined when neither URI names a user of a served domain.
 *
 * After a proxy has looked up the location, the Request-URI is the device's contact, and a message filed under that is
 * never found again (msilo's classic). With `domains` set, only an AoR of those counts. Without, a Request-URI that
 * looks like a contact (a port or an IP literal that To does not share) gives way to To.
 */
export function recipientOf(req: RecipientRequest, options: RecipientOptions): string | undefined {
  const to = parseNameAddr(header(req, 'To') ?? '')?.uri ?? '';
  if (options.domains.length > 0)
    return [req.uri, to]
      .map((uri) => aorOf(uri, options))
      .find((aor) => aor !== undefined && served(aor, options.domains));
  const toAor = aorOf(to, options);
  const requestAor = aorOf(req.uri, options);
  if (requestAor === undefined) return toAor;
  if (toAor === undefined || !looksLikeContact(req.uri)) return requestAor;
  return splitAor(toAor).host === splitAor(requestAor).host ? requestAor : toAor;
}

export function served(aor: string, domains: readonly string[]): boolean {
  return domains.length === 0 || domains.includes(splitAor(aor).host);
}

function looksLikeContact(text: string): boolean {
  const uri = parseUri(text);
  return (
    uri !== undefined && (uri.port !== undefined || /^\[|^[\d.]+$/.test(uri.host) || uri.params.has('ob'))
  );
}
