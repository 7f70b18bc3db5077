/** Who may watch whose lamp and who may set it, as an operator writes it down. */
import { isNetwork } from '../options/kinds.ts';
import { networksOf, type Networks } from '../base/networks.ts';
import { faultOfPattern, patternOf, type Matches } from './patterns.ts';

/** Who may watch what: `reception@example.org>sales@example.org`, both patterns. */
export interface Watchers {
  readonly allow: (watcher: string, mailbox: string) => boolean;
}

/** Who may publish: people by their AoRs, servers by their networks. */
export interface Publishers {
  readonly names: Matches;
  readonly networks: Networks;
}

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
  if (text.includes('@')) return faultOfPattern(text);
  return isNetwork(text)
    ? undefined
    : `"${text}" is no network such as 192.0.2.0/24 or 2001:db8::/32, nor an address such as voicemail@example.org`;
}

/** The networks among them. */
export function publisherNetworks(entries: readonly string[]): readonly string[] {
  return entries.filter((entry) => !entry.includes('@'));
}

/** @param entries without a fault */
export function createPublishers(entries: readonly string[]): Publishers {
  const patterns = entries.filter((entry) => entry.includes('@')).map(patternOf);
  return {
    names: (aor) => patterns.some((matches) => matches(aor)),
    networks: networksOf(publisherNetworks(entries)),
  };
}
