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
import { Gate, type Go } from './gate.ts';
import { Queue } from './queue.ts';

/** Largest frame that may share the pipe with others. */
const SMALL_FRAME = 4_000;
/** So many answers go before a request that waits has its turn. */
const ANSWERS_FIRST = 8;
/** So many answers that wait are no burst but a flood: kept back they would only fill the memory. */
const FLOOD = 500;

export type Kind = 'answer' | 'request';

interface Waiting {
  readonly kind: Kind;
  readonly large: boolean;
  readonly go: Go;
}

export class FrameWindow {
  readonly #most: number;
  readonly #waiting: Readonly<Record<Kind, Queue<Waiting>>> = { answer: new Queue(), request: new Queue() };
  readonly #gate = new Gate((unacknowledged) => this.#take(unacknowledged));
  /** Answers since the last request. */
  #answers = 0;
  /** The last one that went was large. It goes alone, so while anything is unacknowledged it is that one. */
  #wasLarge = false;

  /** @param most frames that may be unacknowledged at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Calls `go` when the frame may go out: at once in the common case. It says when the frame was acknowledged, or never will be. */
  enter(kind: Kind, bytes: number, go: Go): void {
    this.#waiting[kind].add({ kind, large: bytes > SMALL_FRAME, go });
    this.#gate.drain();
  }

  /** Resolves when drachtio-server has acknowledged every frame. */
  drained(): Promise<void> {
    return this.#gate.empty();
  }

  /** The connection is gone: nothing is unacknowledged any more, and whoever waited learns of it by trying. */
  reset(): void {
    this.#gate.reset();
  }

  #take(unacknowledged: number): Go | undefined {
    const [answer, request] = [this.#waiting.answer.peek(), this.#waiting.request.peek()];
    const next = this.#answers < ANSWERS_FIRST ? (answer ?? request) : (request ?? answer);
    if (next === undefined || !this.#mayGo(next, unacknowledged)) return undefined;
    this.#waiting[next.kind].take();
    this.#answers = next.kind === 'answer' ? this.#answers + 1 : 0;
    this.#wasLarge = next.large;
    return next.go;
  }

  #mayGo({ kind, large }: Waiting, unacknowledged: number): boolean {
    if (unacknowledged === 0) return true;
    if (large || this.#wasLarge) return false;
    return unacknowledged < this.#most || (kind === 'answer' && this.#waiting.answer.size > FLOOD);
  }
}
