/**
 * How many requests of ours drachtio-server may have unacknowledged. It works at what it is given before it reads its SIP socket
 * again, and what comes in meanwhile waits in the kernel: 212,992 bytes by default, about 160 answers. Given a thousand requests at
 * once it loses the answers of hundreds of devices, each of which is then asked again, and says again what it has said. So the pace
 * is set by its acknowledgements, as a window does: with few of them out it reads answers in between.
 */

/** Enough that it has something to do while its acknowledgements are on their way; their answers are a small part of what its socket holds. */
const MOST_UNACKNOWLEDGED = 10;

/** `acknowledged` is to be called once, or more often: only the first counts. */
type Go = (acknowledged: () => void) => void;

export class Pace {
  readonly #most: number;
  readonly #waiting = new Queue<Go>();
  #unacknowledged = 0;
  #generation = 0;
  #draining = false;

  constructor(most: number = MOST_UNACKNOWLEDGED) {
    this.#most = most;
  }

  /** Calls `go` when its turn has come: at once in the common case, in order of arrival else. */
  enter(go: Go): void {
    this.#waiting.add(go);
    this.#drain();
  }

  /** The connection is gone: nothing is unacknowledged any more, and whoever waited learns of it by trying. */
  reset(): void {
    this.#generation++;
    this.#unacknowledged = 0;
    for (let go = this.#waiting.take(); go; go = this.#waiting.take()) go(() => undefined);
  }

  /** Not within itself: thousands that are acknowledged as they go would be as many calls deep. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#unacknowledged < this.#most) {
        const go = this.#waiting.take();
        if (go === undefined) return;
        this.#start(go);
      }
    } finally {
      this.#draining = false;
    }
  }

  #start(go: Go): void {
    this.#unacknowledged++;
    const mine = this.#generation;
    let called = false;
    go(() => {
      if (called || mine !== this.#generation) return;
      called = true;
      this.#unacknowledged--;
      this.#drain();
    });
  }
}

/** First in, first out; an array's `shift` moves all the others. */
class Queue<T> {
  #in: T[] = [];
  /** The first one last. */
  #out: T[] = [];

  add(entry: T): void {
    this.#in.push(entry);
  }

  take(): T | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse();
      this.#in = [];
    }
    return this.#out.pop();
  }
}
