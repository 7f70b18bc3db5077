/** IP literals, host:port texts and the transports' addresses. */
import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SiloError } from '../../base/errors.ts';

export type Protocol = 'udp' | 'tcp';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Can it be the port of a peer? 0 is what a socket picks one for, and Node throws at what is above. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Can one peer be there? Not at a port that is none, and not where all or many are: a request goes to one. */
export function isPeer({ host, port }: Address): boolean {
  if (!isPort(port)) return false;
  if (isIPv6(host)) return !/^(?:::|0*(?::0*){7}|ff[0-9a-f]{2}:.*)$/i.test(host);
  const first = Number(host.split('.', 1)[0]);
  return first > 0 && first < 224;
}

/** A host as it stands in a URI or Via: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function addressIn(text: string): Address | undefined {
  const found = /^\s*(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):(\d{1,5})\s*$/.exec(text);
  const port = Number(found?.[2]);
  return found && port <= 65_535 ? { host: unbracketed(found[1] ?? ''), port } : undefined;
}

export function isAddress(text: string): boolean {
  return addressIn(text) !== undefined;
}

/** Reads `host:port` or `[v6]:port`; `what` names the option in the error. */
export function readAddress(text: string, what: string): Address {
  const address = addressIn(text);
  if (!address)
    throw new SiloError(
      'SILO_CONFIG',
      `${what} is '${text}'; wanted an address like 127.0.0.1:5060 or [::1]:5060; correct it.`,
    );
  const { host, port } = address;
  return { host: host === 'localhost' ? '127.0.0.1' : host, port };
}

export function readAddresses(text: string, what: string): Address[] {
  return text.split(',').map((part) => readAddress(part, what));
}

/** The address that peers can use when a socket is bound to all of them. */
export function advertised(host: string): string {
  const family = host === '0.0.0.0' ? 'IPv4' : host === '::' ? 'IPv6' : undefined;
  if (family === undefined) return host;
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const public_ = all.find(
    (one) => one.family === family && !one.internal && !one.address.startsWith('fe80'),
  );
  return public_?.address ?? (family === 'IPv4' ? '127.0.0.1' : '::1');
}

/** An IPv4 peer of an IPv6 socket is shown as IPv4. */
export function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
