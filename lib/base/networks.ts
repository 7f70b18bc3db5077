/** Networks, as an operator writes them down: is an address in one of them? */
import { BlockList, isIP } from 'node:net';
import { BoundedMap } from './bounded-map.ts';
import { ownText } from './own-text.ts';

/** Addresses whose answer is remembered: the list takes 5 µs a question, and each request asks several times. */
const REMEMBERED = 4_096;

export interface Networks {
  /** IPv6 with or without brackets; what is no address is in none. */
  readonly has: (address: string) => boolean;
}

/** @param cidrs addresses, with the length of a prefix or without (kinds.ts, `networks`) */
export function networksOf(cidrs: readonly string[]): Networks {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', length] = cidr.split('/');
    const six = isIP(address) === 6;
    list.addSubnet(address, Number(length ?? (six ? 128 : 32)), six ? 'ipv6' : 'ipv4');
  }
  const isIn = (address: string) => {
    const bare = address.replace(/^\[|\]$/g, '');
    const family = isIP(bare);
    return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
  };
  const remembered = new BoundedMap<string, boolean>(REMEMBERED, 'addresses');
  return {
    has: (address) => {
      if (cidrs.length === 0) return false;
      const known = remembered.get(address);
      if (known !== undefined) return known;
      const found = isIn(address);
      remembered.set(ownText(address), found);
      return found;
    },
  };
}

/** Addresses that only this machine has. Nobody is trusted for them: a proxy beside us relays strangers. */
export const LOOPBACK = networksOf(['127.0.0.0/8', '::1/128']);
