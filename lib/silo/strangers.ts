/**
 * Letters to places that nobody has registered: anybody can write any address into a From or Contact. One at a time to each
 * host, few wait, and a host that does not answer is left alone for a while: nobody is flooded by us in somebody's name.
 */
import type { Answer } from '../sip/port.ts';
import type { Flights } from './flights.ts';

export interface Strangers {
  /** Sends, when it may be sent to this host; undefined when not. */
  send(host: string, send: () => Promise<Answer>): Promise<Answer | undefined>;
}

/** Letters that wait for their turn with one host. */
const MOST_WAITING = 50;
/** Seconds for which a silent host is left alone. */
const PAUSE = 300;
/** Hosts that are remembered. */
const MEMORY = 10_000;

export function createStrangers(flights: Flights, now: () => number): Strangers {
  const waiting = new Map<string, number>();
  /** Silent hosts -> when they may be written to again. */
  const silent = new Map<string, number>();
  const isSilent = (host: string) => (silent.get(host) ?? 0) > now();

  function fellSilent(host: string): void {
    silent.delete(host);
    silent.set(host, now() + PAUSE);
    const [oldest] = silent.keys();
    if (silent.size > MEMORY && oldest !== undefined) silent.delete(oldest);
  }

  return {
    send: async (host, send) => {
      const ahead = waiting.get(host) ?? 0;
      if (isSilent(host) || ahead >= MOST_WAITING) return undefined;
      waiting.set(host, ahead + 1);
      try {
        // Not the flights of a contact: somebody's letters must not hold up the messages of whoever has that contact.
        return await flights.take(`host ${host}`, async () => {
          if (isSilent(host)) return undefined;
          const answer = await send();
          if (answer.origin !== 'peer') fellSilent(host);
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
