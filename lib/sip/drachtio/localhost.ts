/**
 * drachtio-server puts its own address in the place of `@localhost` in some headers, and in a dialog it drops them. Where
 * localhost is the domain, or the host of a phone, that would be another address. Hosts have no case (RFC 3261 19.1.4), so
 * it is written in one that drachtio-server does not know.
 */
const CHANGED = new Set(['from', 'to', 'contact', 'p-asserted-identity']);

/** The value to send for a header, so that it arrives with the host that it has. */
export function withOwnHost(name: string, value: string): string {
  return value.includes('@localhost') && CHANGED.has(name.toLowerCase())
    ? value.replaceAll('@localhost', '@LOCALHOST')
    : value;
}
