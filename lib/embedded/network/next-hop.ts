/** Where a request goes: protocol, host and port of a URI (RFC 3263 without NAPTR and SRV), and the flow there. */
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { unbracketed, type Protocol } from '../text/address.ts';
import type { Endpoints } from './endpoints.ts';
import type { Flow } from './flow.ts';
import { paramOf, readUri } from '../text/uri.ts';

export interface Hop {
  readonly protocol: Protocol;
  /** Without brackets; a number or a name. */
  readonly host: string;
  readonly port: number;
}

/** Undefined when the URI has no host, or asks for a transport that is not here. */
export function hopOf(uriText: string): Hop | undefined {
  const uri = readUri(uriText);
  if (!uri || uri.scheme === 'tel' || uri.scheme === 'sips') return undefined;
  const protocol = (paramOf(uri.params, 'transport') ?? 'udp').toLowerCase();
  if (protocol !== 'udp' && protocol !== 'tcp') return undefined;
  return { protocol, host: unbracketed(uri.host), port: uri.port ?? 5060 };
}

export function isNumeric(hop: Hop): boolean {
  return isIP(hop.host) !== 0;
}

/** The flow to a numeric hop; undefined when there is no transport of its family. */
export function flowTo(endpoints: Endpoints, hop: Hop): Flow | undefined {
  return endpoints.flowTo(hop.protocol, hop);
}

/** The flow to a named hop; undefined when the name is unknown or leads nowhere. */
export function resolve(endpoints: Endpoints, hop: Hop): Promise<Flow | undefined> {
  return new Promise((done) => {
    lookup(hop.host, { all: true }, (error, found) => {
      if (error) {
        done(undefined);
        return;
      }
      const usable = found.find(({ address }) => endpoints.localFor(address) !== undefined);
      done(usable && endpoints.flowTo(hop.protocol, { host: usable.address, port: hop.port }));
    });
  });
}
