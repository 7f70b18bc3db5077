/** Who may watch whose lamp and who may set it, as an operator writes it down. */
import { isNetwork } from '../options/kinds.ts';
import { LOOPBACK, networksOf } from '../base/networks.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { exposedHosts } from './closed.ts';
import { faultOfPattern, patternOf, type Matches } from './patterns.ts';

/** Who may watch what: `reception@example.org>sales@example.org`, both patterns. */
export interface Watchers {
  readonly allow: (watcher: string, mailbox: string) => boolean;
}

/** Who may publish: people by their AoRs, servers by their networks. */
export interface Publishers {
  readonly names: Matches;
  /** Did it come from the address of such a server? A proxy may stand between. */
  readonly haveAddressOf: Came;
}

/** A request by where it came from, and by the drachtio-server that it came through. */
type Came = (req: Pick<SipRequest, 'source_address' | 'server'>) => boolean;

/** Programs on this machine, for as long as nobody else reaches the server. */
export const LOCAL = 'local';

/** Why such an entry could allow nothing; undefined when it can. */
export function faultOfWatcher(text: string): string | undefined {
  const [watcher = '', mailbox, ...more] = text.split('>').map((part) => part.trim());
  if (mailbox === undefined || more.length > 0)
    return `"${text}" does not say who may watch what; wanted is reception@example.org>sales@example.org`;
  return faultOfPattern(watcher) ?? faultOfPattern(mailbox);
}

/** @param entries without a fault */
export function createWatchers(entries: readonly string[]): Watchers {
  const pairs = entries.map((entry) => {
    const [watcher = '', mailbox = ''] = entry.split('>').map((part) => part.trim());
    return { watches: patternOf(watcher), isWatched: patternOf(mailbox) };
  });
  return {
    allow: (watcher, mailbox) =>
      pairs.some(({ watches, isWatched }) => watches(watcher) && isWatched(mailbox)),
  };
}

/** Why it is neither a network nor an AoR. */
export function faultOfPublisher(text: string): string | undefined {
  return text.includes('@') ? faultOfPattern(text) : faultOfServer(text);
}

/** Why it is no network. */
export function faultOfServer(text: string): string | undefined {
  return text === LOCAL || isNetwork(text)
    ? undefined
    : `"${text}" is no network such as 192.0.2.0/24 or 2001:db8::/32, nor ${LOCAL}, nor an address such as voicemail@example.org`;
}

/** The servers among them. */
export function publisherServers(entries: readonly string[]): readonly string[] {
  return entries.filter((entry) => !entry.includes('@'));
}

/** What is left of them where hops are trusted: a proxy on this machine is no program of its own, and may hide whom it relays. */
export function publishersBeside(entries: readonly string[], hops: readonly string[]): readonly string[] {
  return hops.length === 0 ? entries : entries.filter((entry) => entry !== LOCAL);
}

/** @param entries networks, or `local` */
export function serversOf(entries: readonly string[]): Came {
  const networks = networksOf(entries.filter((entry) => entry !== LOCAL));
  const local = entries.includes(LOCAL);
  return ({ source_address: source, server }) =>
    networks.has(source) || (local && LOOPBACK.has(source) && isUnreached(server?.hostport));
}

/** Does this machine alone reach the server with these addresses? What is not known is no. */
function isUnreached(hostport = ''): boolean {
  const addresses = hostport.split(',').flatMap((address) => address.trim() || []);
  return addresses.length > 0 && exposedHosts(addresses) === undefined;
}

/** @param entries without a fault */
export function createPublishers(entries: readonly string[]): Publishers {
  const patterns = entries.filter((entry) => entry.includes('@')).map(patternOf);
  return {
    names: (aor) => patterns.some((matches) => matches(aor)),
    haveAddressOf: serversOf(publisherServers(entries)),
  };
}
