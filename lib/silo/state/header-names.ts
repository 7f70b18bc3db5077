/** Names of headers: what is one, its long form, and which of them nobody else may write. */

/** Written by us or by drachtio, one each, or said about a body that is not ours: nobody else may add them. */
const OURS = new Set([
  'call-id',
  'contact',
  'content-encoding',
  'content-length',
  'content-type',
  'cseq',
  'date',
  'expires',
  'from',
  'max-forwards',
  'path',
  'proxy-require',
  'record-route',
  'require',
  'route',
  'to',
  'via',
]);

const COMPACT = new Map(
  Object.entries({
    a: 'Accept-Contact',
    b: 'Referred-By',
    c: 'Content-Type',
    d: 'Request-Disposition',
    e: 'Content-Encoding',
    f: 'From',
    i: 'Call-ID',
    j: 'Reject-Contact',
    k: 'Supported',
    l: 'Content-Length',
    m: 'Contact',
    n: 'Identity-Info',
    o: 'Event',
    r: 'Refer-To',
    s: 'Subject',
    t: 'To',
    u: 'Allow-Events',
    v: 'Via',
    x: 'Session-Expires',
    y: 'Identity',
  }),
);

/** The name that a compact form (RFC 3261 7.3.3) stands for; any other name as it is. */
export function fullName(name: string): string {
  return COMPACT.get(name.toLowerCase()) ?? name;
}

/** May an operator or a host app add a header of this name? Any that is a name, but those that are ours, compact forms included. */
export function mayBeAdded(name: string): boolean {
  return isHeaderName(name) && !OURS.has(fullName(name).toLowerCase());
}

export function isHeaderName(name: string): boolean {
  return name !== '__proto__' && /^[\w.!%*+`'~-]+$/.test(name);
}
