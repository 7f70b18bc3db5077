/** Requests that must be answered and are not yet. They are sent again now and then, as clients do (RFC 3261 17.1.2). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Input } from '../inputs.ts';

interface OpenRequest {
  readonly input: Input;
  readonly again: () => void;
  wait: number;
  next: number;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 4_000;
const LOOK_MS = 20;

export class OpenRequests {
  readonly #open = new Map<string, OpenRequest>();
  readonly #waiting = new Set<() => void>();
  /** Final answers by their status. */
  readonly answers = new Map<number, number>();

  get size(): number {
    return this.#open.size;
  }

  get inputs(): Input[] {
    return [...this.#open.values()].map(({ input }) => input);
  }

  add(branch: string, input: Input, again: () => void): void {
    this.#open.set(branch, { input, again, wait: FIRST_WAIT, next: performance.now() + FIRST_WAIT });
  }

  answered(branch: string, status: number): void {
    if (status < 200 || !this.#open.delete(branch)) return;
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    for (const waiter of [...this.#waiting]) waiter();
  }

  /** Resolves when no more than `most` are open, with true, or after so long with false. */
  atMost(most: number, patience: number): Promise<boolean> {
    return this.#until(() => this.#open.size <= most, patience);
  }

  /** Resolves when this one is answered, with true, or after so long with false. */
  closed(branch: string, patience: number): Promise<boolean> {
    return this.#until(() => !this.#open.has(branch), patience);
  }

  async #until(done: () => boolean, patience: number): Promise<boolean> {
    const limit = performance.now() + patience;
    while (!done()) {
      if (performance.now() > limit) return false;
      await Promise.race([sleep(LOOK_MS), new Promise<void>((resolve) => this.#waiting.add(resolve))]);
      this.#waiting.clear();
      this.#repeat();
    }
    return true;
  }

  #repeat(): void {
    const now = performance.now();
    for (const request of this.#open.values()) {
      if (request.next > now) continue;
      request.again();
      request.wait = Math.min(request.wait * 2, LONGEST_WAIT);
      request.next = now + request.wait;
    }
  }
}
