/**
 * One MESSAGE in flight per contact (RFC 3428 8), of a lane that empties a box and of live delivery alike. Turns are taken
 * in the order of asking.
 */
export interface InFlight {
  /** Runs `send` when everything for this contact that was asked for earlier has its answer. */
  take<T>(contact: string, send: () => Promise<T>): Promise<T>;
}

export function createInFlight(): InFlight {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: (contact, send) => {
      const before = last.get(contact);
      const turn = before === undefined ? send() : before.then(send, send);
      const ended = turn.then(noop, noop).then(() => {
        if (last.get(contact) === ended) last.delete(contact);
      });
      last.set(contact, ended);
      return turn;
    },
  };
}

function noop(): void {
  // The outcome belongs to the caller of `take`.
}
