/** Which headers of a MESSAGE are end-to-end and travel with it through the silo, as lines `Name: value` CRLF. */
import { hasControl } from '../../sip/read/characters.ts';
import { headerLinesIn } from '../../sip/read/headers.ts';
import { mayBeTold, wishesAmong } from '../../sip/read/privacy.ts';
import { isHeaderName } from '../state/header-names.ts';

/** Headers of one hop, one transaction, or written anew at delivery; everything else is kept as it came. */
const DROPPED = new Set([
  'accept',
  'accept-contact',
  'accept-encoding',
  'accept-language',
  'allow',
  'allow-events',
  'authentication-info',
  'authorization',
  'call-id',
  'contact',
  'content-length',
  'content-type',
  'cseq',
  'date',
  'expires',
  'feature-caps',
  'flow-timer',
  'from',
  'identity', // its signature is over a Date that is fresh only for a minute
  'identity-info',
  'max-forwards',
  'min-expires',
  'p-access-network-info', // of the sender's access: not for the recipient
  'p-charging-function-addresses',
  'p-charging-vector',
  'p-visited-network-id',
  'path',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-require',
  'record-route',
  'reject-contact',
  'request-disposition',
  'require',
  'route',
  'security-client',
  'security-server',
  'security-verify',
  'supported',
  'timestamp',
  'to',
  'unsupported',
  'via',
  'www-authenticate',
  'x-silo-secure', // ours
]);

/** What an operator wants of them. Names in any case. */
export interface KeepOptions {
  /** Only these; empty: all that are end-to-end. */
  readonly keepHeaders: readonly string[];
  /** None of these. */
  readonly dropHeaders: readonly string[];
  /** Read here, and of no use to the recipient. */
  readonly sendAtHeader: string;
}

/** Ours, in a stored message only: it came to a `sips:` address. Nobody else can write it. */
export const SECURE_LINE = 'X-Silo-Secure: yes\r\n';

/**
 * Was the message sent to a `sips:` address? Then it goes out over TLS only (RFC 5630 5.3). A whole line says so: it may
 * stand at the end of a longer name, or in a value, and mean nothing.
 */
export function wantsSecureWay({ headers }: { readonly headers: string }): boolean {
  return `\r\n${headers}`.includes(`\r\n${SECURE_LINE}`);
}

/** Always kept: it says what must not be told at delivery. */
const PRIVACY = 'privacy';

const KEEP_ALL: KeepOptions = { keepHeaders: [], dropHeaders: [], sendAtHeader: '' };

/** The kept header lines of a raw request. Folded lines become one; names in compact form are written out. */
export function keptHeaders(raw: string, options: KeepOptions = KEEP_ALL): string {
  const keep = lowered(options.keepHeaders);
  const drop = lowered(options.dropHeaders);
  const timed = options.sendAtHeader.toLowerCase();
  const end = raw.indexOf('\r\n\r\n');
  const sent = headerLinesIn(end < 0 ? raw : raw.slice(0, end));
  const wishes = wishesAmong(sent);
  let kept = '';
  for (const [name, value] of sent) {
    const known = name.toLowerCase();
    const wanted =
      known === PRIVACY || (!drop.has(known) && known !== timed && (keep.size === 0 || keep.has(known)));
    if (wanted && keeps(name, value) && mayBeTold([name, value], wishes)) kept += `${name}: ${value}\r\n`;
  }
  return kept;
}

/** Lists of the options: the same for every message. */
const LOWERED = new WeakMap<readonly string[], ReadonlySet<string>>();

function lowered(names: readonly string[]): ReadonlySet<string> {
  let found = LOWERED.get(names);
  if (!found) LOWERED.set(names, (found = new Set(names.map((name) => name.toLowerCase()))));
  return found;
}

/** Stored lines as a header object for drachtio; repeated names become one comma-separated value (RFC 3261 7.3.1). */
export function headerObject(lines: string): Record<string, string> {
  const found = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const line of lines.split(/\r?\n(?![ \t])/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim();
    const value = line
      .slice(colon + 1)
      .replace(/\r?\n[ \t]+/g, ' ')
      .trim();
    // Rows of other programs may hold what their proxy saw.
    if (!keeps(name, value)) continue;
    const known = found.get(name.toLowerCase());
    if (known) known.values.push(value);
    else found.set(name.toLowerCase(), { name, values: [value] });
  }
  // Not an object literal: a header may be called `constructor`.
  return Object.fromEntries([...found.values()].map(({ name, values }) => [name, values.join(', ')]));
}

/** End-to-end, a name that is one, and a value that passes unharmed (U+FFFD stands for bytes that were lost). */
function keeps(name: string, value: string): boolean {
  return (
    !DROPPED.has(name.toLowerCase()) && isHeaderName(name) && !hasControl(value) && !value.includes('\uFFFD')
  );
}

/** The value of one kept header, '' when absent. */
export function keptHeader(lines: string, name: string): string {
  const wanted = name.toLowerCase();
  if (!lines.toLowerCase().includes(wanted)) return '';
  for (const [found, value] of Object.entries(headerObject(lines)))
    if (found.toLowerCase() === wanted) return value;
  return '';
}
