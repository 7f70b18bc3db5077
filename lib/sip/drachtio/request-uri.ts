/**
 * A contact as the Request-URI of a frame to drachtio-server, so spelled that the contact itself comes out on the wire.
 *
 * drachtio-server reads it like an address without angle brackets (RFC 3261 20.10): a `,` `;` or `?` in the user ends it. It
 * refuses empty parameters and values, brackets in parameters, and behind an escape whatever the grammar wants escaped. What it
 * reads escaped it writes bare where the grammar allows that. Seen with 0.9.10.
 */
import { canonicalEscapes } from '../read/characters.ts';
import { targetOf } from '../read/uri.ts';

/** What it takes as it is; all else is spelled canonically. */
const EASY_USER = /^(?:[^,;?%]*|(?:[A-Za-z0-9\-_.!~*'()&=+$/]|%[0-9A-F]{2})*)$/;
const EASY_PARAM = /^[A-Za-z0-9\-_.!~*'`+]+(?:=[A-Za-z0-9\-_.!~*'`+:/$[\]%]+)?$/;
/** A comma in a password, escaped or not, makes it write a URI that it can't read: an assertion ends the server. */
const PASSWORD = /^(?:[A-Za-z0-9\-_.!~*'()&=+$]|%(?!2[Cc])[0-9A-Fa-f]{2})*$/;

/** Undefined for a contact that is no URI, or none that drachtio-server can pass. */
export function requestUriOf(contact: string): string | undefined {
  const target = targetOf(contact);
  if (target === undefined || /^tel:/i.test(target)) return target;
  const start = target.indexOf(':') + 1;
  const host = target.indexOf('@') + 1 || start;
  const semicolon = target.indexOf(';', host);
  const params = semicolon === -1 ? target.length : semicolon;
  const userinfo = userinfoOf(target.slice(start, host));
  if (userinfo === undefined) return undefined;
  return target.slice(0, start) + userinfo + target.slice(host, params) + paramsOf(target.slice(params));
}

/** @param text with its `@`, or empty */
function userinfoOf(text: string): string | undefined {
  const [, user = '', password = '', at = ''] = /^([^:@]*)(:[^@]*)?(@?)$/.exec(text) ?? [];
  if (!PASSWORD.test(password.slice(1))) return undefined;
  return (EASY_USER.test(user) ? user : (canonicalEscapes(user, '&=+$/') ?? user)) + password + at;
}

function paramsOf(text: string): string {
  const entries = text.split(';').filter((entry) => entry !== '');
  const spelled = entries.every((entry) => EASY_PARAM.test(entry)) ? entries : entries.map(paramOf);
  return spelled.map((entry) => `;${entry}`).join('');
}

function paramOf(entry: string): string {
  const equals = entry.indexOf('=');
  const name = equals === -1 ? entry : entry.slice(0, equals);
  const value = equals === -1 ? '' : entry.slice(equals + 1);
  return value === '' ? escaped(name, '+') : `${escaped(name, '+')}=${escaped(value, ':/$+[]')}`;
}

function escaped(text: string, bare: string): string {
  const canonical = canonicalEscapes(text, bare) ?? text;
  return canonical.replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29'));
}
