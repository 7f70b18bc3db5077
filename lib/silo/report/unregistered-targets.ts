/**
 * Notes to addresses that no device has registered: a stranger can write any address into a From or Contact. One at a time
 * to each host, few wait, and a place that does not answer is left alone for a while: a stranger can't make us flood a host.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { InFlight } from '../state/in-flight.ts';

export interface UnregisteredTargets {
  /** Sends, when it may be sent to this host and port; undefined when not. */
  send(host: string, port: number, send: () => Promise<Answer>): Promise<Answer | undefined>;
}

/** Notes that wait for their turn with one host. */
const MOST_WAITING = 50;
/** Seconds for which a silent place is left alone. */
const PAUSE = 300;
/** Places that are remembered. */
const MEMORY = 10_000;

export function createUnregisteredTargets(inFlight: InFlight, now: () => number): UnregisteredTargets {
  const waiting = new Map<string, number>();
  /** Silent places -> when they may be written to again. */
  const silent = new BoundedMap<string, number>(MEMORY, 'silent-targets');
  const isSilent = (place: string) => (silent.get(place) ?? 0) > now();

  return {
    send: async (host, port, send) => {
      const place = `${host}:${port}`;
      const ahead = waiting.get(host) ?? 0;
      if (isSilent(place) || ahead >= MOST_WAITING) return undefined;
      waiting.set(host, ahead + 1);
      try {
        // Not the turns of a contact: notes that a stranger causes must not hold up the messages to a device with that contact.
        return await inFlight.take(`host ${host}`, async () => {
          if (isSilent(place)) return undefined;
          const answer = await send();
          // drachtio-server made it up after it had sent the request in vain.
          if (answer.origin !== 'peer' && answer.status === 408) silent.set(place, now() + PAUSE);
          return answer;
        });
      } finally {
        const left = (waiting.get(host) ?? 1) - 1;
        if (left === 0) waiting.delete(host);
        else waiting.set(host, left);
      }
    },
  };
}
