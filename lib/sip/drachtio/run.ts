/** One handler at work on one request: it answers, hands on, or is found to have forgotten both. */
import type { Next, SipRequest, SipResponse } from './messages.ts';

/** For so long, ms, a handler that has returned may still answer: a host's own, by some other way. */
const FORGOTTEN_MS = 5_000;

export interface Asked {
  readonly name: string;
  readonly req: SipRequest;
  readonly res: SipResponse;
}

export interface RunContext {
  /** ms after which a handler that has not answered never will. */
  readonly limit: number;
  readonly answerError: (asked: Asked, error: unknown) => void;
  readonly tooLate: (asked: Asked) => void;
}

/** A class, not closures: each request passes six of them. */
export class Run {
  readonly #asked: Asked;
  readonly #context: RunContext;
  #handedOn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(asked: Asked, context: RunContext) {
    this.#asked = asked;
    this.#context = context;
  }

  follow(next: Next, handler: (next: Next) => void | Promise<void>): void {
    try {
      const running = handler((error) => {
        this.#handedOn = true;
        clearTimeout(this.#timer);
        next(error);
      });
      if (!running) {
        this.#finished();
        return;
      }
      // Most have handed on by now: a request passes a dozen handlers that are not for it.
      if (!this.#isOver()) this.#timer = setTimeout(() => this.#late(), this.#context.limit);
      running.then(
        () => this.#finished(),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #isOver(): boolean {
    return this.#handedOn || this.#asked.res.finalResponseSent;
  }

  #late(): void {
    if (!this.#isOver()) this.#context.tooLate(this.#asked);
  }

  #failed(error: unknown): void {
    clearTimeout(this.#timer);
    this.#context.answerError(this.#asked, error ?? new Error('thrown nothing'));
  }

  #finished(): void {
    clearTimeout(this.#timer);
    if (!this.#isOver()) setImmediate(() => this.#noAnswer());
  }

  #noAnswer(): void {
    setTimeout(() => {
      if (!this.#isOver())
        this.#context.answerError(this.#asked, new Error('it neither answered nor called next()'));
    }, FORGOTTEN_MS).unref();
  }
}
