/**
 * What drachtio-server may have unacknowledged of ours, in order.
 *
 * Few frames: it works at all that it is given before it reads its SIP socket again, and what comes in meanwhile waits in the kernel,
 * 212,992 bytes by default, which is about 160 requests or answers. Given a thousand frames at once it loses those of hundreds of
 * phones, each of which is then asked again, or asks again. So its acknowledgements set the pace.
 *
 * And few bytes: its reader loses some when too much is unread (a ring of 12,228 bytes fed by reads of 8,192). Frames up to 4,000 bytes
 * may be pipelined; a larger one goes alone, with nothing unacknowledged before or after it; none reaches 12,000 bytes.
 */
import { Queue } from './queue.ts';

/** Largest frame that may share the pipe with others. */
const SMALL_FRAME = 4_000;

/** `acknowledged` is to be called when the frame was, or never will be; once, or more often: only the first counts. */
type Go = (acknowledged: () => void) => void;

interface Waiting {
  readonly large: boolean;
  readonly go: Go;
}

export class FrameWindow {
  readonly #most: number;
  readonly #waiting = new Queue<Waiting>();
  #unacknowledged = 0;
  #largeUnderWay = false;
  #generation = 0;
  #draining = false;
  #whenDrained: (() => void)[] = [];

  /** @param most frames that may be unacknowledged at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Calls `go` when the frame may go out: at once in the common case, in order of arrival else. */
  enter(bytes: number, go: Go): void {
    this.#waiting.add({ large: bytes > SMALL_FRAME, go });
    this.#drain();
  }

  /** Resolves when drachtio-server has acknowledged every frame. */
  drained(): Promise<void> {
    if (this.#unacknowledged === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  /** The connection is gone: nothing is unacknowledged any more, and whoever waited learns of it by trying. */
  reset(): void {
    this.#generation++;
    this.#unacknowledged = 0;
    this.#largeUnderWay = false;
    for (const drained of this.#whenDrained.splice(0)) drained();
    for (let next = this.#waiting.take(); next; next = this.#waiting.take()) next.go(() => undefined);
  }

  /** Not within itself: thousands that are acknowledged as they go would be as many calls deep. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#waiting.peek(); next && this.#mayGo(next); next = this.#waiting.peek()) {
        this.#waiting.take();
        this.#start(next);
      }
    } finally {
      this.#draining = false;
    }
    if (this.#unacknowledged === 0) for (const drained of this.#whenDrained.splice(0)) drained();
  }

  #mayGo({ large }: Waiting): boolean {
    if (large) return this.#unacknowledged === 0;
    return !this.#largeUnderWay && this.#unacknowledged < this.#most;
  }

  #start({ large, go }: Waiting): void {
    this.#unacknowledged++;
    if (large) this.#largeUnderWay = true;
    const mine = this.#generation;
    let called = false;
    const acknowledged = () => {
      if (called || mine !== this.#generation) return;
      called = true;
      this.#unacknowledged--;
      if (large) this.#largeUnderWay = false;
      this.#drain();
    };
    try {
      go(acknowledged);
    } catch (error) {
      acknowledged();
      throw error;
    }
  }
}
