/** The SIP addresses of the front end: on each one UDP and TCP share the port number. */
import type { Socket } from 'node:dgram';
import { isIPv6, type Server } from 'node:net';
import { textOf, SiloError } from '../../base/errors.ts';
import { advertised, bracketed, isPeer, type Address, type Protocol } from '../text/address.ts';
import type { CrowdLimits } from './crowd.ts';
import type { Faults } from './faults.ts';
import type { Flow, Receive } from './flow.ts';
import { TcpTransport } from './tcp.ts';
import type { Timers } from './timers.ts';
import { UdpTransport } from './udp.ts';

interface Endpoint {
  /** What the sockets are bound to. */
  readonly bound: Address;
  /** What peers are told. */
  readonly local: Address;
  readonly udp: UdpTransport;
  readonly tcp: TcpTransport;
}

export interface EndpointSettings {
  readonly faults: Faults;
  readonly timers: Timers;
  readonly limits?: CrowdLimits | undefined;
  readonly receive: Receive;
}

export class Endpoints {
  readonly #all: readonly Endpoint[];

  private constructor(all: readonly Endpoint[]) {
    this.#all = all;
  }

  static async open(addresses: readonly Address[], settings: EndpointSettings): Promise<Endpoints> {
    const { faults, timers, limits, receive } = settings;
    const all: Endpoint[] = [];
    try {
      for (const address of addresses) {
        const { udp, tcp, port } = await bindPair(address);
        const bound = { host: address.host, port };
        const local = { host: advertised(address.host), port };
        all.push({
          bound,
          local,
          udp: new UdpTransport(udp, local, faults, receive),
          tcp: new TcpTransport(tcp, { bound, local, timers, receive, limits }),
        });
      }
    } catch (error) {
      await new Endpoints(all).close();
      throw error;
    }
    return new Endpoints(all);
  }

  get bound(): readonly Address[] {
    return this.#all.map((endpoint) => endpoint.bound);
  }

  get locals(): readonly Address[] {
    return this.#all.map((endpoint) => endpoint.local);
  }

  /** Our address for a peer of that family: the one with the same host before any other. */
  localFor(host: string): Address | undefined {
    return this.#choose(host)?.local;
  }

  /**
   * A flow to a numeric address; undefined when no transport of that family is there, or when nobody can be there. All that
   * leaves on a new way passes here, so this is where an address out of a message or a database is looked at.
   */
  flowTo(protocol: Protocol, remote: Address): Flow | undefined {
    if (!isPeer(remote)) return undefined;
    if (protocol === 'tcp')
      for (const endpoint of this.#all) {
        const flow = endpoint.tcp.existing(remote);
        if (flow) return flow;
      }
    const endpoint = this.#choose(remote.host);
    return protocol === 'tcp' ? endpoint?.tcp.flowTo(remote) : endpoint?.udp.flowTo(remote);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.flatMap((endpoint) => [endpoint.udp.close(), endpoint.tcp.close()]));
  }

  #choose(host: string): Endpoint | undefined {
    const family = this.#all.filter((endpoint) => isIPv6(endpoint.local.host) === isIPv6(host));
    return family.find((endpoint) => endpoint.local.host === host) ?? family[0];
  }
}

/** Binds TCP and UDP to one number; with port 0 another number is tried when UDP has the first one taken. */
async function bindPair(address: Address): Promise<{ udp: Socket; tcp: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = await TcpTransport.listen(address).catch((error: unknown) => refuse(address, 'TCP', error));
    const found = tcp.address();
    const port = typeof found === 'object' && found !== null ? found.port : address.port;
    try {
      return { udp: await UdpTransport.bind({ host: address.host, port }), tcp, port };
    } catch (error) {
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
      if (address.port !== 0 || attempt >= 20) return refuse(address, 'UDP', error);
    }
  }
}

function refuse(address: Address, protocol: string, cause: unknown): never {
  throw new SiloError(
    'SILO_CONFIG',
    `The SIP address ${bracketed(address.host)}:${address.port} can't be used over ${protocol} (${textOf(cause)}); ` +
      'wanted a free address of this machine; stop what holds it, or listen elsewhere.',
    { cause },
  );
}
