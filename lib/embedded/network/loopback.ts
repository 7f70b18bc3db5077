/**
 * Who listens on this machine. Node does not tell of the ICMP message that a datagram to a closed port brings,
 * and drachtio-server answers 503 at once then; on loopback, where development happens, Linux can be asked.
 */
import { readFile } from 'node:fs/promises';
import type { Address } from '../text/address.ts';

/** Everybody who asks within so many milliseconds shares one look, which begins after that. */
const GATHER = 10;
/** The system goes through a large table for us: of the time at most one part in so many is spent on that. */
const SHARE = 30;
/** The table is not read in one moment: a port that changes places meanwhile can be missed. Who is missing twice is not there. */
const LOOKS = 2;

export class LoopbackPorts {
  #next: Promise<OpenPorts> | undefined;
  /** Before it nothing is looked at again, by `performance.now()`. */
  #notBefore = 0;

  /** True when nobody on this machine can get a datagram to that loopback address; false when not known. */
  async isClosed(remote: Address): Promise<boolean> {
    if (!remote.host.startsWith('127.') && remote.host !== '::1') return false;
    for (let look = 0; look < LOOKS; look++) {
      const open = await this.#lookSoon();
      if (open === 'unknown' || open.has(remote.port)) return false;
    }
    return true;
  }

  /** A look that begins after the asking: an older one does not know the sockets opened since. */
  #lookSoon(): Promise<OpenPorts> {
    this.#next ??= new Promise((resolve) => {
      setTimeout(
        () => {
          this.#next = undefined;
          resolve(this.#look());
        },
        Math.max(GATHER, this.#notBefore - performance.now()),
      );
    });
    return this.#next;
  }

  async #look(): Promise<OpenPorts> {
    const began = performance.now();
    const open = await openPorts();
    const now = performance.now();
    this.#notBefore = now + SHARE * (now - began);
    return open;
  }
}

/** The UDP ports of all local sockets: none at all on a quiet machine; `unknown` where the system does not say. */
type OpenPorts = ReadonlySet<number> | 'unknown';

const TABLES = ['/proc/net/udp', '/proc/net/udp6'];

async function openPorts(): Promise<OpenPorts> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => undefined)));
  if (tables.every((table) => table === undefined)) return 'unknown';
  const ports = new Set<number>();
  for (const table of tables)
    for (const [, port = ''] of (table ?? '').matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) /gm))
      ports.add(Number.parseInt(port, 16));
  return ports;
}
