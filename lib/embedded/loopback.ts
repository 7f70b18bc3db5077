/**
 * Who listens on this machine. Node does not tell of the ICMP message that a datagram to a closed port brings,
 * and drachtio-server answers 503 at once then; on loopback, where development happens, Linux can be asked.
 */
import { readFile } from 'node:fs/promises';
import type { Address } from './address.ts';

/** Milliseconds for which one look is good. */
const fresh = 10;

export class LoopbackPorts {
  #look: Promise<ReadonlySet<number>> | undefined;
  #ends = 0;

  /** True when nobody on this machine can get a datagram to that loopback address; false when not known. */
  async isClosed(remote: Address): Promise<boolean> {
    if (!remote.host.startsWith('127.') && remote.host !== '::1') return false;
    const now = performance.now();
    if (this.#look === undefined || now > this.#ends) {
      this.#look = openPorts();
      this.#ends = now + fresh;
    }
    const open = await this.#look;
    return open.size > 0 && !open.has(remote.port);
  }
}

/** The UDP ports of all local sockets; empty where the system does not say. */
async function openPorts(): Promise<ReadonlySet<number>> {
  const ports = new Set<number>();
  const tables = await Promise.all(
    ['/proc/net/udp', '/proc/net/udp6'].map((path) => readFile(path, 'latin1').catch(() => '')),
  );
  for (const table of tables)
    for (const [, port = ''] of table.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) /gm))
      ports.add(Number.parseInt(port, 16));
  return ports;
}
