/**
 * Letters to places that nobody has registered: anybody can write any address into a From or Contact. One at a time to each
 * host, few wait, and a place that does not answer is left alone for a while: nobody is flooded by us in somebody's name.
 */
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { InFlight } from '../state/in-flight.ts';

export interface UnregisteredTargets {
  /** Sends, when it may be sent to this host and port; undefined when not. */
  send(host: string, port: number, send: () => Promise<Answer>): Promise<Answer | undefined>;
}

/** Letters that wait for their turn with one host. */
const MOST_WAITING = 50;
/** Seconds for which a silent place is left alone. */
const PAUSE = 300;
/** Places that are remembered. */
const MEMORY = 10_000;

export function createUnregisteredTargets(flights: InFlight, now: () => number): UnregisteredTargets {
  const waiting = new Map<string, number>();
  /** Silent places -> when they may be written to again. */
  const silent = new Map<string, number>();
  const isSilent = (place: string) => (silent.get(place) ?? 0) > now();

  function fellSilent(place: string): void {
    silent.delete(place);
    silent.set(place, now() + PAUSE);
    const [oldest] = silent.keys();
    if (silent.size > MEMORY && oldest !== undefined) silent.delete(oldest);
  }

  return {
    send: async (host, port, send) => {
      const place = `${host}:${port}`;
      const ahead = waiting.get(host) ?? 0;
      if (isSilent(place) || ahead >= MOST_WAITING) return undefined;
      waiting.set(host, ahead + 1);
      try {
        // Not the flights of a contact: somebody's letters must not hold up the messages of whoever has that contact.
        return await flights.take(`host ${host}`, async () => {
          if (isSilent(place)) return undefined;
          const answer = await send();
          // Made up after all that drachtio-server sent in vain.
          if (answer.origin !== 'peer' && answer.status === 408) fellSilent(place);
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
