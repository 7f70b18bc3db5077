/** What programs send to one box goes in the order in which they asked: each begins when the one before it has its answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SiloError } from '../../base/errors.ts';

/** Messages of programs that may wait for their turn with one box: a device that is slow holds each up for seconds. */
const MOST_WAITING = 1_000;

export class Turns {
  readonly #last = new Map<string, { readonly done: Promise<unknown>; readonly waiting: number }>();
  #closed = false;

  /** @throws SiloError 503 when too many wait already, or nothing is taken on any more */
  take<T>(box: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(busy('SILO_CLOSED', 'This node stops'));
    const before = this.#last.get(box);
    const waiting = (before?.waiting ?? 0) + 1;
    if (waiting > MOST_WAITING)
      return Promise.reject(busy('SILO_REFUSED', `${MOST_WAITING} messages of programs wait for ${box}`));
    const turn = before === undefined ? work() : before.done.then(work);
    const done = turn.then(noop, noop).then(() => {
      const last = this.#last.get(box);
      if (last?.done === done) this.#last.delete(box);
      else if (last) this.#last.set(box, { ...last, waiting: last.waiting - 1 });
    });
    this.#last.set(box, { done, waiting });
    return turn;
  }

  /** Nothing more is taken on; what has begun is waited for, at most `grace` ms. */
  async close(grace: number): Promise<void> {
    this.#closed = true;
    const all = Promise.all([...this.#last.values()].map(({ done }) => done));
    const limit = new AbortController();
    await Promise.race([all, sleep(grace, undefined, { ref: false, signal: limit.signal }).catch(noop)]);
    limit.abort();
  }
}

function busy(code: 'SILO_CLOSED' | 'SILO_REFUSED', sentence: string): SiloError {
  return new SiloError(code, `${sentence}; try again in 5 s.`, { status: 503, retryAfter: 5 });
}

function noop(): void {
  // The outcome belongs to who has asked.
}
