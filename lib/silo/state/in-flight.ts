/**
 * One MESSAGE in flight per contact (RFC 3428, section 8), whoever sends it: a lane that empties a box, or a live
 * delivery. Turns are taken in the order of asking.
 */
export interface InFlight {
  /** Runs `fly` when every flight to this contact that asked earlier has ended. */
  take<T>(contact: string, fly: () => Promise<T>): Promise<T>;
}

export function createInFlight(): InFlight {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: (contact, fly) => {
      const before = last.get(contact);
      const turn = before === undefined ? fly() : before.then(fly, fly);
      const ended = turn.then(noop, noop).then(() => {
        if (last.get(contact) === ended) last.delete(contact);
      });
      last.set(contact, ended);
      return turn;
    },
  };
}

function noop(): void {
  // The outcome belongs to whoever asked for the flight.
}
