/** Compact forms of header names (RFC 3261 7.3.3 and the IANA registry). */

const FULL: ReadonlyMap<string, string> = new Map(
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
const COMPACT: ReadonlyMap<string, string> = new Map(
  [...FULL].map(([letter, name]) => [name.toLowerCase(), letter]),
);

/** The name that a compact form stands for; any other name as it is. */
export function fullName(name: string): string {
  return FULL.get(name.toLowerCase()) ?? name;
}

/** The letter of a name that has one. */
export function compactName(name: string): string | undefined {
  return COMPACT.get(name.toLowerCase());
}
