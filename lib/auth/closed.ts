/** Closed by default: an application that strangers can reach starts only when it can tell them from its users. */
import { flag } from '../options/kinds.ts';
import { defineOptions, option } from '../options/option.ts';
import { LOOPBACK } from '../base/networks.ts';

export const exposureOptions = defineOptions('startApplication', {
  open: option(
    flag,
    false,
    'start beyond loopback without users and trust, too, and serve every domain there where `SILO_DOMAINS` is empty',
  ),
});

export interface Exposure {
  /** SIP addresses, as drachtio-server names them: `udp/192.0.2.1:5060`. */
  readonly addresses: readonly string[];
  readonly hasUsers: boolean;
  /** Networks that are trusted. */
  readonly trust: readonly string[];
  readonly auth: 'auto' | 'on' | 'off';
  /** The operator insists. */
  readonly open: boolean;
}

/** Why the application must not start; undefined: it may. */
export function closedReason({ addresses, hasUsers, trust, auth, open }: Exposure): string | undefined {
  const [reached] = addresses.filter(isBeyondLoopback);
  if (reached === undefined || open || auth === 'on') return undefined;
  const closes =
    'add users (drachtio-silo user add bob@example.org), or name the proxies in front in SILO_TRUST, or listen on 127.0.0.1 only; SILO_OPEN=yes serves everybody';
  if (trust.length > 0) return undefined;
  if (auth === 'off')
    return `Strangers can reach ${reached}, and SILO_AUTH=off asks nobody who he is: set SILO_AUTH to auto and ${closes}.`;
  if (hasUsers) return undefined;
  return `Strangers can reach ${reached}, and there are neither users nor trusted proxies to tell them from: ${closes}.`;
}

/** Hosts of the addresses when strangers can reach one of them; undefined on loopback. */
export function exposedHosts(addresses: readonly string[]): readonly string[] | undefined {
  return addresses.some(isBeyondLoopback) ? [...new Set(addresses.map(hostOf))] : undefined;
}

/** Is the secret of drachtio-server the one that everybody knows, and the server somewhere else? */
export function isSecretKnown({ host, secret }: { readonly host: string; readonly secret: string }): boolean {
  return secret === 'cymru' && host !== '' && host !== 'localhost' && !LOOPBACK.has(host);
}

function isBeyondLoopback(address: string): boolean {
  const host = hostOf(address);
  return host !== 'localhost' && !LOOPBACK.has(host);
}

/** IPv6 with its brackets, as in an AoR. */
function hostOf(address: string): string {
  return address.replace(/^\w+\//, '').replace(/:\d+$/, '');
}
