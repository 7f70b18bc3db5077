/**
 * What a request may tell a device of who sent it: Privacy (RFC 3323, RFC 3325 9.3) and the headers that it is about (RFC 5379).
 * A device is never part of a trust domain (RFC 3325 3), whatever stands in front of it.
 */
import { fullName } from './compact.ts';
import { parseNameAddr, splitList } from './name-addr.ts';

/** Said to the first proxy, or between servers that trust each other (RFC 3325 9.2, 6050, 8496, 5502, 5002, 4457). */
const NEVER = new Set([
  'p-preferred-identity',
  'p-preferred-service',
  'p-charge-info',
  'p-served-user',
  'p-profile-key',
  'p-user-database',
]);
/** Who was on the way (RFC 7044 10.1, RFC 5806). */
const HISTORY = new Set(['history-info', 'diversion']);
/** What tells of its author without need (RFC 3323 5.3); Contact is ours, but names the author. */
const OF_THE_USER = new Set([
  'call-info',
  'contact',
  'in-reply-to',
  'organization',
  'referred-by',
  'reply-to',
  'subject',
  'user-agent',
]);

type Header = readonly [name: string, value: string];

/** What was asked for: which kinds of headers must not be told. */
export interface Wishes {
  /** Who it is by the word of a server (RFC 3325 7). */
  readonly identity: boolean;
  readonly history: boolean;
  /** From, too. */
  readonly user: boolean;
}

/** They ask nothing that has to do with identities: a MESSAGE has no session, and all that we can do is done anyway. */
const HARMLESS = new Set(['none', 'critical']);

/**
 * Reads Privacy; several values or headers add up. What nobody knows asks for something: then nothing is told that could be
 * meant. `header` and `user` mean P-Asserted-Identity, too: with From hidden it would say the same (RFC 5379 5.1).
 */
function wishesOf(privacy: string): Wishes {
  const asked = privacy.toLowerCase().split(/[\s;,"]+/);
  const serious = asked.filter((value) => value !== '' && !HARMLESS.has(value));
  return {
    identity: serious.some((value) => value !== 'session' && value !== 'history'),
    history: serious.some((value) => value !== 'id' && value !== 'user'),
    user: serious.includes('user'),
  };
}

/** May this header go to a device? Compact names count as what they stand for. */
export function mayBeTold([name, value]: Header, wishes: Wishes): boolean {
  const known = fullName(name).toLowerCase();
  if (NEVER.has(known)) return false;
  if (wishes.identity && (known.startsWith('p-asserted-') || known === 'remote-party-id')) return false;
  if (wishes.history && HISTORY.has(known)) return false;
  if (wishes.user && OF_THE_USER.has(known)) return false;
  return known !== 'remote-party-id' || isOpen(value);
}

/** Remote-Party-ID, which no RFC has, says by itself what is asked for: `privacy=full`. */
function isOpen(value: string): boolean {
  return splitList(value).every((entry) => {
    const params = parseNameAddr(entry)?.params;
    return params !== undefined && (params.get('privacy') ?? 'off').toLowerCase() === 'off';
  });
}

const NONE: Wishes = { identity: false, history: false, user: false };

/** What the headers of a request ask for. */
export function wishesAmong(headers: readonly Header[]): Wishes {
  const values = headers.filter(([name]) => name.toLowerCase() === 'privacy').map(([, value]) => value);
  return values.length === 0 ? NONE : wishesOf(values.join(','));
}

/** RFC 3323 4.1.1.3: From of somebody who is not to be named. */
export const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>';
