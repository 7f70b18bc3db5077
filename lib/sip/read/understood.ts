/**
 * What must be understood of a request before it is served: the scheme of its Request-URI (RFC 3261 8.2.2.1) and the extensions
 * that it requires (8.2.2.3). Each feature asks it for the requests that it is responsible for; others may understand more.
 */
import { SiloError } from '../../base/errors.ts';
import { header, splitList, type HeaderSource } from './headers.ts';

interface Asking extends HeaderSource {
  readonly method: string;
  readonly uri: string;
}

/** Option tags of Require that are served, by method. */
const REQUIRE: Readonly<Record<string, readonly string[]>> = { REGISTER: ['path'] };
/**
 * For a MESSAGE we stand in the place of its recipient's proxy (RFC 3261 16.3), and keep who it is from as private as Privacy
 * says (RFC 3323 4.2). Elsewhere we are where the request ends, and Proxy-Require is not for us (20.29).
 */
const PROXY_REQUIRE: Readonly<Record<string, readonly string[]>> = { MESSAGE: ['privacy'] };

/** Characters of Unsupported: drachtio-server passes no answer of any length, and a list may be as long as a message. */
const MOST_NAMED = 1_000;

/** Of `im:` and `pres:` RFC 3861 says what they are here: addresses of users, as `sip:` is. */
const KNOWN_SCHEME = /^(?:sips?|tel|im|pres):/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** @throws SiloError 416 for a scheme, 420 with Unsupported for an extension that nobody here knows */
export function checkUnderstood(req: Asking): void {
  const [scheme = ''] = SCHEME.exec(req.uri) ?? [];
  if (scheme !== '' && !KNOWN_SCHEME.test(req.uri))
    throw refuse(
      416,
      `Nobody here knows ${scheme.slice(0, 40)} URIs: wanted is sip:, sips:, tel:, im: or pres:.`,
    );
  const proxied = PROXY_REQUIRE[req.method];
  const required = header(req, 'Require');
  const requiredOfProxy = proxied && header(req, 'Proxy-Require');
  if (required === undefined && requiredOfProxy === undefined) return;
  const unknown = new Set([
    ...unknownOf(required, REQUIRE[req.method] ?? []),
    ...unknownOf(requiredOfProxy, proxied ?? []),
  ]);
  if (unknown.size === 0) return;
  const names = named(unknown);
  throw refuse(420, `Not supported here: ${names}.`, { Unsupported: names });
}

/** Tags have no case (RFC 3261 7.3.1); they are named as they came. */
function unknownOf(list: string | undefined, known: readonly string[]): readonly string[] {
  return splitList(list ?? '').filter((tag) => !known.includes(tag.toLowerCase()));
}

/** As many as an answer has room for; of a longer list the sender learns the rest when it asks again without these. */
function named(tags: ReadonlySet<string>): string {
  let names = '';
  for (const tag of tags) {
    const longer = names === '' ? tag.slice(0, MOST_NAMED) : `${names}, ${tag}`;
    if (longer.length > MOST_NAMED) break;
    names = longer;
  }
  return names;
}

function refuse(status: number, text: string, headers: Readonly<Record<string, string>> = {}): SiloError {
  return new SiloError('SILO_REFUSED', text, { status, headers });
}
