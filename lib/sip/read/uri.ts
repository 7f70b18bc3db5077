/** SIP, SIPS and TEL URIs (RFC 3261 19.1, RFC 3966) and the address of record that is made from them. */
import { ReadTexts } from '../../base/read-texts.ts';
import { canonicalEscapes } from './characters.ts';

/** The parts of a URI, in canonical spelling. RFC 3261 19.1.1. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** Canonical escapes; a telephone number (without visual separators) for `tel`. */
  readonly user: string | undefined;
  /** Lower case, no trailing dot, IPv6 in brackets and in its RFC 5952 spelling; empty for `tel`. */
  readonly host: string;
  readonly port: number | undefined;
  /** Names lower case, values with canonical escapes; the first of two equal names counts. */
  readonly params: ReadonlyMap<string, string | undefined>;
}

/** Schemes of addresses of users that nothing can be sent to as it is. */
const ABSTRACT = /^(?:im|pres):/i;

/** Options of {@link aorOf}. */
export interface AorOptions {
  /** The domain in which telephone numbers live; without it a `tel:` URI has no AoR. */
  readonly telDomain?: string;
}

/** A URI cut into its raw parts, nothing decoded yet. */
interface Parts {
  readonly scheme: SipUri['scheme'];
  readonly userinfo: string | undefined;
  readonly hostport: string;
  /** With the leading semicolon, or empty. */
  readonly params: string;
  /** Without the question mark; undefined when there is none. */
  readonly headers: string | undefined;
}

// Reserved characters that the grammar lets stand bare in each part (RFC 3261 25.1).
const USER_BARE = '&=+$,;?/';
const PASSWORD_BARE = '&=+$,';
const PARAM_BARE = '[]/:&+$';
const HEADER_BARE = '[]/?:+$';

/**
 * What no URI may hold, and what would break out of `<…>`, a start line or a header. Surrogate halves and U+FFFD
 * are the traces of bytes that were no UTF-8: two different users would look the same.
 */
const NEVER = /[\p{Cc}\s<>"\p{Surrogate}\uFFFD]/u;

function divide(text: string): Parts | undefined {
  const colon = text.indexOf(':');
  // The longest scheme has four letters: a long text without one must not be copied.
  const scheme = colon > 0 && colon < 5 ? text.slice(0, colon).toLowerCase() : '';
  if (scheme !== 'sip' && scheme !== 'sips' && scheme !== 'tel') return undefined;
  if (NEVER.test(text)) return undefined;
  const at = text.indexOf('@', colon);
  // The grammar allows one bare @ only. With two, peers disagree about where the host begins.
  if (at !== text.lastIndexOf('@') || (scheme === 'tel' && at !== -1)) return undefined;
  const start = at === -1 ? colon + 1 : at + 1;
  const question = text.indexOf('?', start);
  const end = question === -1 ? text.length : question;
  const address = text.slice(start, end);
  const semicolon = address.indexOf(';');
  return {
    scheme,
    userinfo: at === -1 ? undefined : text.slice(colon + 1, at),
    hostport: semicolon === -1 ? address : address.slice(0, semicolon),
    params: semicolon === -1 ? '' : address.slice(semicolon),
    headers: question === -1 ? undefined : text.slice(question + 1),
  };
}

/** A host in the one spelling that AoRs have it in; undefined if it is none. */
export function readHost(text: string): string | undefined {
  if (text.startsWith('[')) {
    // RFC 5954 4.2: IPv6 literals compare by address, not by spelling. The WHATWG parser knows the one spelling.
    const url = `http://${text}/`;
    return /^\[[0-9A-Fa-f:.]+\]$/.test(text) && URL.canParse(url) ? new URL(url).hostname : undefined;
  }
  const host = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  // Underscores are no host characters, but names inside networks have them.
  if (!/^[a-z0-9._-]+$/.test(host)) return undefined;
  return host.startsWith('.') || host.endsWith('.') || host.includes('..') ? undefined : host;
}

function readHostport(text: string): Pick<SipUri, 'host' | 'port'> | undefined {
  const colon = text.indexOf(':', text.startsWith('[') ? text.indexOf(']') + 1 : 0);
  const host = readHost(colon === -1 ? text : text.slice(0, colon));
  if (host === undefined) return undefined;
  if (colon === -1) return { host, port: undefined };
  const digits = text.slice(colon + 1);
  const port = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  // Nobody can be sent to at 0, and above there is nothing.
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function readParams(text: string): ReadonlyMap<string, string | undefined> | undefined {
  const params = new Map<string, string | undefined>();
  for (const entry of text.split(';')) {
    if (entry === '') continue; // `;;` and a last `;` are common and harmless
    const equals = entry.indexOf('=');
    const name = canonicalEscapes(equals === -1 ? entry : entry.slice(0, equals), PARAM_BARE)?.toLowerCase();
    const value = equals === -1 ? undefined : canonicalEscapes(entry.slice(equals + 1), PARAM_BARE);
    if (name === undefined || name === '' || (equals !== -1 && value === undefined)) return undefined;
    // RFC 3261 19.1.1: a name must not appear twice. Where it does, all see the first.
    if (!params.has(name)) params.set(name, value);
  }
  return params;
}

/** RFC 3966 3: a global (`+`) or local number; visual separators do not count (section 4). */
function readNumber(text: string): string | undefined {
  const number = text.replace(/[-.()]/g, '').toUpperCase();
  return /^(?:\+\d+|[0-9A-F*#]+)$/.test(number) ? number : undefined;
}

function readParts(parts: Parts): SipUri | undefined {
  const params = readParams(parts.params);
  if (params === undefined) return undefined;
  if (parts.scheme === 'tel') {
    const user = readNumber(parts.hostport);
    return user === undefined ? undefined : { scheme: 'tel', user, host: '', port: undefined, params };
  }
  const hostport = readHostport(parts.hostport);
  const user = canonicalEscapes(parts.userinfo?.split(':', 1)[0] ?? '', USER_BARE);
  if (hostport === undefined || user === undefined) return undefined;
  return { scheme: parts.scheme, user: user === '' ? undefined : user, ...hostport, params };
}

const READ = new ReadTexts(4_096, 'uris', 200, readAnew);

/**
 * Reads a `sip:`, `sips:` or `tel:` URI: undefined if it is none. RFC 3261 19.1.1, RFC 3966.
 *
 * The scheme may be in any case, IPv6 literals keep their brackets, an empty user counts as none. URI headers
 * (`?…`) and a password are dropped: they are no part of an address.
 */
export function parseUri(text: string): SipUri | undefined {
  return READ.of(text);
}

function readAnew(text: string): SipUri | undefined {
  const parts = divide(text);
  return parts === undefined ? undefined : readParts(parts);
}

/** The URI as text; {@link parseUri} reads it back to the same parts. RFC 3261 19.1.1. */
export function formatUri(uri: SipUri): string {
  const user = uri.user === undefined ? '' : uri.scheme === 'tel' ? uri.user : `${uri.user}@`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const params = Array.from(uri.params, ([name, value]) => (value === undefined ? name : `${name}=${value}`));
  return [`${uri.scheme}:${user}${uri.host}${port}`, ...params].join(';');
}

/**
 * The canonical address of record, `user@host`: no scheme, port or parameters; the user is case-sensitive, the
 * host is not. RFC 3261 10.3 step 5 and 19.1.4. `sip:`, `sips:`, and the abstract `im:` and `pres:` (RFC 3860, RFC 3859, in the
 * domain that would be found for them, RFC 3861) give the same AoR.
 *
 * A URI without a user has none. A `tel:` URI has one only with `telDomain`, and a local number only when its
 * `phone-context` is missing or names that domain: `7042` elsewhere is somebody else (RFC 3966 5.1.5).
 */
export function aorOf(uri: string | SipUri, options: AorOptions = {}): string | undefined {
  const parsed = typeof uri === 'string' ? parseUri(uri.replace(ABSTRACT, 'sip:')) : uri;
  if (parsed?.user === undefined) return undefined;
  const tel = parsed.scheme === 'tel';
  // Read just now, so both are in their one spelling.
  if (!tel && typeof uri === 'string') return `${parsed.user}@${parsed.host}`;
  const host = readHost(tel ? (options.telDomain ?? '') : parsed.host);
  const user = canonicalEscapes(parsed.user, USER_BARE);
  if (host === undefined || user === undefined || user === '') return undefined;
  if (tel && !parsed.user.startsWith('+')) {
    const context = parsed.params.get('phone-context');
    if (context !== undefined && readHost(context) !== host) return undefined;
  }
  return `${user}@${host}`;
}

/** A host as it stands in a URI: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** The halves of an AoR made by {@link aorOf}. A canonical user holds no bare `@`. */
export function splitAor(aor: string): { readonly user: string; readonly host: string } {
  const at = aor.lastIndexOf('@');
  return { user: aor.slice(0, Math.max(at, 0)), host: aor.slice(at + 1) };
}

/**
 * The URI to use as Request-URI when sending to a registered contact, undefined when none should be.
 *
 * URI headers (`?…`) go: drachtio-server would turn them into real headers, so a stored Contact could inject some.
 * A `method` parameter goes (RFC 3261 19.1.1: not allowed in a Request-URI). A URI that can't be read, or that holds
 * a control character, is refused. All else is kept byte for byte.
 */
export function targetOf(contact: string): string | undefined {
  const parts = divide(contact);
  if (parts === undefined || readParts(parts) === undefined) return undefined;
  const bare = parts.headers === undefined ? contact : contact.slice(0, -1 - parts.headers.length);
  if (parts.params === '') return bare;
  const isMethod = (entry: string) =>
    canonicalEscapes(entry.split('=', 1)[0] ?? '', PARAM_BARE)?.toLowerCase() === 'method';
  const kept = parts.params.split(';').filter((entry) => !isMethod(entry));
  return bare.slice(0, bare.length - parts.params.length) + kept.join(';');
}

/** Parameters that make two URIs differ when only one has them; RFC 3261 19.1.4 with its examples. */
const TELLING = ['user', 'ttl', 'method', 'maddr', 'transport'];

function sameParams(a: SipUri, b: SipUri): boolean {
  for (const name of new Set([...a.params.keys(), ...b.params.keys()])) {
    const both = a.params.has(name) && b.params.has(name);
    if (!both && (a.scheme === 'tel' || TELLING.includes(name))) return false;
    if (both && a.params.get(name)?.toLowerCase() !== b.params.get(name)?.toLowerCase()) return false;
  }
  return true;
}

const passwordOf = ({ userinfo }: Parts): string | undefined => {
  const colon = userinfo?.indexOf(':') ?? -1;
  return userinfo === undefined || colon === -1
    ? undefined
    : canonicalEscapes(userinfo.slice(colon + 1), PASSWORD_BARE);
};

const headersOf = ({ headers }: Parts): string => {
  const fields = (headers ?? '').split('&').map((field) => {
    const [name = '', ...value] = field.split('=');
    return `${name.toLowerCase()}=${canonicalEscapes(value.join('='), HEADER_BARE) ?? value.join('=')}`;
  });
  return fields.sort().join('&');
};

/**
 * True if two URIs are equivalent by RFC 3261 19.1.4 (IPv6 by RFC 5954): what a registrar asks to find the binding
 * that a Contact refreshes (10.3 step 7). URIs of other schemes are equal only when their texts are.
 */
export function sameUri(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [divide(a), divide(b)];
  const [x, y] = [left && readParts(left), right && readParts(right)];
  if (left === undefined || right === undefined || x === undefined || y === undefined) return false;
  return (
    x.scheme === y.scheme &&
    x.user === y.user &&
    passwordOf(left) === passwordOf(right) &&
    x.host === y.host &&
    x.port === y.port &&
    sameParams(x, y) &&
    headersOf(left) === headersOf(right)
  );
}
