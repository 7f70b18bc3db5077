import { networkInterfaces } from 'node:os';

/** Why tests over IPv6 cannot run here; undefined when they can. */
export function ipv6Missing(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.some(({ address }) => address === '::1') ? undefined : 'this machine has no ::1 (IPv6 loopback)';
}
