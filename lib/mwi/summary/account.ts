import { isIPv4, isIPv6 } from 'node:net';
import { isToken } from '../../sip/read/grammar.ts';

/*
 * Account-URI = SIP-URI / SIPS-URI / absoluteURI (RFC 3842 5.2; RFC 3261 25.1, with the IP addresses of
 * RFC 5954). Every alternative of absoluteURI without an IPv6 address comes down to a scheme, a colon and
 * one or more `uric`; so only URIs with characters beyond those need a closer look. Nothing here matches two ways,
 * which keeps every expression linear on hostile input.
 */
const UNRESERVED = "A-Za-z0-9\\-_.!~*'()";
const URIC = `${UNRESERVED};/?:@&=+$,`;
const ESCAPED = '%[0-9A-Fa-f]{2}';
const some = (characters: string) => `(?:[${characters}]|${ESCAPED})`;

const USERINFO = `${some(`${UNRESERVED}&=+$,;?/`)}+(?::${some(`${UNRESERVED}&=+$,`)}*)?@`;
const PARAMETER = some(`${UNRESERVED}\\[\\]/:&+$`);
const HEADER = some(`${UNRESERVED}\\[\\]/?:+$`);

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const PLAIN = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:${some(URIC)}+$`);
const WITH_IPV6 = new RegExp(
  `^[A-Za-z][A-Za-z0-9+.-]*://(?:${USERINFO})?\\[([0-9A-Fa-f:.]+)\\](?::[0-9]+)?` +
    `(?:/${some(`${UNRESERVED}:@&=+$,;/`)}*)?(?:\\?${some(URIC)}*)?$`,
);
const SIP = /^sips?:/i;
const USER_AT = new RegExp(`^${USERINFO}$`);
const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]+)?$/;
const HOSTNAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?\.?$/i;
/** These three take a `token`, which knows no escapes: a bare percent sign and a backquote are part of it. */
const TOKEN_PARAMETER = /^(?:transport|user|method)=(.+)$/i;
const OTHER_PARAMETER = new RegExp(`^${PARAMETER}+(?:=${PARAMETER}+)?$`);
const URI_HEADER = new RegExp(`^${HEADER}+=${HEADER}*$`);

const NOT_URIC = new RegExp(`%(?![0-9A-Fa-f]{2})|[^${URIC}%]`, 'gu');
const NOWHERE = new RegExp(`%(?![0-9A-Fa-f]{2})|[^${URIC}%\\[\\]\`]`);
/** What a lenient reader still takes for a URI: a scheme, and no blanks, quotes or angle brackets. */
const NEARLY = /^[a-z][a-z0-9+.-]*:[!\x23-\x3b=\x3f-\x7e\u00a1-\uffff]+$/i;

/** Whether the text is an `Account-URI` by the grammar of RFC 3842 5.2. */
export function isAccountUri(text: string): boolean {
  return PLAIN.test(text) || isSipUri(text) || isIPv6(WITH_IPV6.exec(text)?.[1] ?? '');
}

/**
 * The URI with everything that its grammar doesn't know percent-escaped, as RFC 3842 5.2 wants of
 * characters beyond ASCII; `undefined` when even so it would be no URI.
 */
export function mendAccountUri(text: string): string | undefined {
  if (isAccountUri(text)) return text;
  if (!NEARLY.test(text)) return undefined;
  const mended = text.replace(NOT_URIC, (character) =>
    Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
  return isAccountUri(mended) ? mended : undefined;
}

/** How many characters of the text could stand in an `Account-URI`, so that an error can point behind them. */
export function accountUriPrefix(text: string): number {
  const scheme = SCHEME.exec(text)?.[0].length ?? 0;
  if (scheme === 0) return 0;
  const bad = text.slice(scheme).search(NOWHERE);
  return bad < 0 ? text.length : scheme + bad;
}

function isSipUri(text: string): boolean {
  const scheme = SIP.exec(text)?.[0];
  if (scheme === undefined) return false;
  // An `@` ends the user part and can stand nowhere else; a `?` or `;` before it belongs to the user.
  const at = text.indexOf('@');
  if (at >= 0 && !USER_AT.test(text.slice(scheme.length, at + 1))) return false;
  const rest = text.slice(at < 0 ? scheme.length : at + 1);
  const mark = rest.indexOf('?');
  const [hostPort = '', ...parameters] = (mark < 0 ? rest : rest.slice(0, mark)).split(';');
  const host = HOST_PORT.exec(hostPort)?.[1];
  return (
    host !== undefined &&
    (host.startsWith('[') ? isIPv6(host.slice(1, -1)) : HOSTNAME.test(host) || isIPv4(host)) &&
    parameters.every(isParameter) &&
    (mark < 0 ||
      rest
        .slice(mark + 1)
        .split('&')
        .every((header) => URI_HEADER.test(header)))
  );
}

function isParameter(parameter: string): boolean {
  return isToken(TOKEN_PARAMETER.exec(parameter)?.[1] ?? '') || OTHER_PARAMETER.test(parameter);
}
