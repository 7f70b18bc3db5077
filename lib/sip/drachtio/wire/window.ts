/**
 * What drachtio-server may have unacknowledged of ours.
 *
 * Few frames: it works at all that it is given before it reads its SIP socket again, and then reads one datagram; what comes in meanwhile
 * waits in the kernel, 212,992 bytes by default, which is about 160 requests or answers. Given a thousand frames at once it loses those
 * of hundreds of phones, each of which is then asked again, or asks again. So its acknowledgements set the pace.
 *
 * And few bytes: its reader loses some when too much is unread (a ring of 12,228 bytes fed by reads of 8,192). Frames up to 4,000 bytes
 * may be pipelined; a larger one goes alone, with nothing unacknowledged before or after it; none reaches 12,000 bytes.
 *
 * Answers go before requests, since their senders wait, but for some requests among them; each of the two in order.
 */
import { Queue } from './queue.ts';

/** Largest frame that may share the pipe with others. */
const SMALL_FRAME = 4_000;
/** So many answers go before a request that waits has its turn. */
const ANSWERS_FIRST = 8;
/** So many answers that wait are no burst but a flood: kept back they would only fill the memory. */
const FLOOD = 500;

/** `acknowledged` is to be called when the frame was, or never will be; once, or more often: only the first counts. */
type Go = (acknowledged: () => void) => void;

export type Kind = 'answer' | 'request';

interface Waiting {
  readonly kind: Kind;
  readonly large: boolean;
  readonly go: Go;
}

export class FrameWindow {
  readonly #most: number;
  readonly #waiting: Readonly<Record<Kind, Queue<Waiting>>> = { answer: new Queue(), request: new Queue() };
  /** Answers since the last request. */
  #answers = 0;
  #unacknowledged = 0;
  #largeUnderWay = false;
  #generation = 0;
  #draining = false;
  #whenDrained: (() => void)[] = [];

  /** @param most frames that may be unacknowledged at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Calls `go` when the frame may go out: at once in the common case. */
  enter(kind: Kind, bytes: number, go: Go): void {
    this.#waiting[kind].add({ kind, large: bytes > SMALL_FRAME, go });
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
    for (let next = this.#next(); next; next = this.#next()) {
      this.#take(next);
      next.go(() => undefined);
    }
  }

  /** Not within itself: thousands that are acknowledged as they go would be as many calls deep. */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#next(); next && this.#mayGo(next); next = this.#next()) {
        this.#take(next);
        this.#start(next);
      }
    } finally {
      this.#draining = false;
    }
    if (this.#unacknowledged === 0) for (const drained of this.#whenDrained.splice(0)) drained();
  }

  #next(): Waiting | undefined {
    const [answer, request] = [this.#waiting.answer.peek(), this.#waiting.request.peek()];
    return this.#answers < ANSWERS_FIRST ? (answer ?? request) : (request ?? answer);
  }

  #take({ kind }: Waiting): void {
    this.#waiting[kind].take();
    this.#answers = kind === 'answer' ? this.#answers + 1 : 0;
  }

  #mayGo({ kind, large }: Waiting): boolean {
    if (large) return this.#unacknowledged === 0;
    if (this.#largeUnderWay) return false;
    return this.#unacknowledged < this.#most || (kind === 'answer' && this.#waiting.answer.size > FLOOD);
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
