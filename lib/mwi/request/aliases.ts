/**
 * Names that stand for a mailbox: the subscriber's own (`*97`, `voicemail@example.org`, a host without a user), or that of
 * the user in it (`*98{user}`, `voicemail+{user}@example.org`).
 */
import { aorOf, parseUri, splitAor, type AorOptions, type SipUri } from '../../sip/read/uri.ts';

const USER = '{user}';

interface Alias {
  /** What stands before and behind `{user}` in the user; for an alias without it, the whole user. */
  readonly before: string;
  readonly behind: string;
  readonly pattern: boolean;
  /** Of this host only; `undefined`: of every. */
  readonly host: string | undefined;
  /** A host without a user. */
  readonly bare: string | undefined;
}

/** Why such an alias could match nothing; undefined when it can. */
export function faultOfAlias(text: string): string | undefined {
  const read = readAlias(text);
  return typeof read === 'string'
    ? `the alias ${JSON.stringify(text)} would match nothing: ${read}`
    : undefined;
}

/** @param texts without a fault */
export function createAliases(texts: readonly string[], options: AorOptions) {
  const aliases = texts.map(readAlias).filter((read): read is Alias => typeof read !== 'string');
  return {
    /** The mailbox that a request for `uri` from `from` names by an alias. */
    mailboxOf: (uri: string, from: string | undefined): string | undefined => {
      const parsed = aliases.length === 0 ? undefined : parseUri(uri);
      if (parsed === undefined) return undefined;
      for (const alias of aliases) {
        const user = userBy(alias, parsed);
        if (user === undefined) continue;
        // Its own domain may be another one than that of the voicemail's name.
        if (user === '' || (from !== undefined && splitAor(from).user === user)) return from;
        return aorOf(`sip:${user}@${parsed.host}`, options);
      }
      return undefined;
    },
  };
}

/** The user whose mailbox the URI names by this alias; '': the subscriber. */
function userBy(
  { before, behind, pattern, host, bare }: Alias,
  { user, host: ofUri }: SipUri,
): string | undefined {
  if (user === undefined) return bare !== undefined && bare === ofUri ? '' : undefined;
  if (host !== undefined && host !== ofUri) return undefined;
  if (!pattern) return user === before ? '' : undefined;
  const long = user.length > before.length + behind.length;
  if (!long || !user.startsWith(before) || !user.endsWith(behind)) return undefined;
  return user.slice(before.length, user.length - behind.length);
}

/** @returns a sentence when there is nothing that it could match */
function readAlias(text: string): Alias | string {
  const name = text.replace(/^sips?:/i, '');
  const at = name.indexOf('@');
  const user = at < 0 ? name : name.slice(0, at);
  const host = at < 0 ? undefined : hostOf(name.slice(at + 1));
  if (at >= 0 && host === undefined) return 'behind "@" is no host name';
  const [before = '', behind = '', ...more] = user.split(USER);
  const pattern = user.includes(USER);
  if (more.length > 0) return `${USER} stands in it more than once`;
  const other = /\{[^}]*\}/.exec(before + behind)?.[0];
  if (other !== undefined) return `there is no variable ${other}; wanted is only ${USER}`;
  if (/[{}]/.test(before + behind)) return `it has a brace that is not one of ${USER}`;
  if (at === 0) return { before: '', behind: '', pattern: false, host, bare: host };
  if (user === USER && at < 0)
    return `beside ${USER} it needs something that tells it from the user's own name`;
  const [first, last] = [userOf(`${before}x`)?.slice(0, -1), userOf(`x${behind}`)?.slice(1)];
  if (first === undefined || last === undefined || (!pattern && first === '')) return NO_USER;
  return { before: first, behind: last, pattern, host, bare: at < 0 && !pattern ? hostOf(name) : undefined };
}

const NO_USER =
  'it is no user of a SIP URI; wanted is a user such as *97, a pattern such as *98{user}, one of them with @host, or a host';

function userOf(user: string): string | undefined {
  return parseUri(`sip:${user}@localhost`)?.user;
}

/** In its canonical spelling. */
function hostOf(text: string): string | undefined {
  const uri = parseUri(`sip:${text}`);
  const only = uri?.user === undefined && uri?.port === undefined && uri?.params.size === 0;
  return only && uri.host !== '' ? uri.host : undefined;
}
