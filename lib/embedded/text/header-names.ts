/** Header names: compact forms, the spelling that goes out, and the ones an app may not set. */

/** RFC 3261 7.3.3 and the registry's later one-letter names. */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
};

/** The names that drachtio-server knows, as it spells them on the wire. */
const SPELLING: ReadonlyMap<string, string> = new Map(
  (
    'User-Agent Subject Max-Forwards Proxy-Require Accept-Contact Reject-Contact Expires Date Retry-After ' +
    'Timestamp Min-Expires Priority Call-Info Organization Server In-Reply-To Accept Accept-Encoding ' +
    'Accept-Language Allow Require Supported Unsupported Event Allow-Events Subscription-State ' +
    'Proxy-Authenticate Proxy-Authentication-Info Proxy-Authorization Authorization WWW-Authenticate ' +
    'Authentication-Info Error-Info Warning Refer-To Referred-By Replaces Session-Expires Min-SE Path ' +
    'Service-Route Reason Security-Client Security-Server Security-Verify Privacy SIP-ETag SIP-If-Match ' +
    'MIME-Version Content-Type Content-Encoding Content-Language Content-Disposition Request-Disposition ' +
    'Refer-Sub Alert-Info Reply-To P-Asserted-Identity P-Preferred-Identity Remote-Party-ID From To Call-ID ' +
    'CSeq Via Route Contact RSeq RAck Record-Route Content-Length'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);

const IMMUTABLE: ReadonlySet<string> = new Set(['via', 'route', 'rseq', 'record-route', 'content-length']);

/** The lower-case full name by which headers are looked up. */
export function keyOf(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT[lower] ?? lower) : lower;
}

/** True where drachtio-server throws away what the app gives. */
export function isImmutable(key: string): boolean {
  return IMMUTABLE.has(key);
}

export function isKnown(key: string): boolean {
  return SPELLING.has(key);
}

/** The name as it goes out: known ones canonical, others with capitals after dashes, `X-` and `x-` as given. */
export function spelled(name: string): string {
  const known = SPELLING.get(name.toLowerCase());
  if (known !== undefined) return known;
  if (/^x-/i.test(name)) return name;
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
