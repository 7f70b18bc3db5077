/** The AoRs that a request names: whom it is for (the Request-URI if it is an AoR of a served domain, else To), and From. */
import { SiloError } from '../../base/errors.ts';
import { header, parseNameAddr, type HeaderSource } from './headers.ts';
import { aorOf, parseUri, splitAor, type AorOptions } from './uri.ts';

/** The URI in From or To; '' when it can't be read. */
export function uriIn(req: HeaderSource, name: 'From' | 'To'): string {
  return parseNameAddr(header(req, name) ?? '')?.uri ?? '';
}

/** The canonical AoR in From or To; undefined when it names no user. */
export function aorIn(req: HeaderSource, name: 'From' | 'To', options?: AorOptions): string | undefined {
  return aorOf(uriIn(req, name), options);
}

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
  const to = uriIn(req, 'To');
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

/** Whom a request is about: a REGISTER says it in To, whatever its Request-URI (RFC 3261 10.2), all else is for its recipient. */
export function subjectOf(
  req: RecipientRequest & { readonly method: string },
  options: RecipientOptions,
): string | undefined {
  return req.method === 'REGISTER' ? aorIn(req, 'To', options) : recipientOf(req, options);
}

export function served(aor: string, domains: readonly string[]): boolean {
  return domains.length === 0 || domains.includes(splitAor(aor).host);
}

/** What whoever asks for somebody of elsewhere is told. @param aor of that one, where it can be read */
export function notServed(aor?: string): SiloError {
  const sentence =
    aor === undefined
      ? 'The recipient is not of a domain served here.'
      : `${aor} is of a domain that is not served here: SILO_DOMAINS names those that are.`;
  return new SiloError('SILO_REFUSED', sentence, { status: 404 });
}

function looksLikeContact(text: string): boolean {
  const uri = parseUri(text);
  return (
    uri !== undefined && (uri.port !== undefined || /^\[|^[\d.]+$/.test(uri.host) || uri.params.has('ob'))
  );
}

/**
 * An AoR that an operator or a program names: `user@host`, or a URI.
 * @throws SiloError `SILO_REFUSED` 400 for what names no user
 */
export function askedAor(text: string, options?: AorOptions): string {
  const uri = /^(?:sips?|tel|im|pres):/i.test(text) ? text : `sip:${text}`;
  const aor = aorOf(uri, options);
  if (aor !== undefined) return aor;
  throw new SiloError(
    'SILO_REFUSED',
    `"${text.slice(0, 100)}" is no address of a user: wanted is user@host, or a SIP URI with a user.`,
    { status: 400 },
  );
}
