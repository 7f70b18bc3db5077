/**
 * The frame window towards drachtio-server, whose reader loses bytes when too much is unread
 * (a ring of 12,228 bytes fed by reads of 8,192): frames up to 4,000 bytes may be pipelined; a larger one
 * goes alone, with nothing unacknowledged before or after it; none reaches 12,000 bytes.
 */

/** Largest frame that may share the pipe with others. */
const SMALL_FRAME = 4_000;

export interface FrameWindow {
  /**
   * Calls `send` when the frame may go out: at once in the common case, later when a large one is under way.
   * `send` gets the function that says "acknowledged" (or "will never be").
   */
  readonly enter: (bytes: number, send: (done: () => void) => void) => void;
  /** Resolves when drachtio-server has acknowledged every frame. */
  readonly drained: () => Promise<void>;
  /** The connection is gone: nothing is unacknowledged any more. */
  readonly reset: () => void;
}

interface Waiting {
  readonly large: boolean;
  readonly send: (done: () => void) => void;
}

export function createFrameWindow(): FrameWindow {
  let unacknowledged = 0;
  let largeUnderWay = false;
  let generation = 0;
  let queue: Waiting[] = [];
  const waiters: (() => void)[] = [];

  function mayGo(large: boolean): boolean {
    return large ? unacknowledged === 0 : !largeUnderWay;
  }

  function go({ large, send }: Waiting): void {
    unacknowledged++;
    if (large) largeUnderWay = true;
    const mine = generation;
    let called = false;
    send(() => {
      if (called || mine !== generation) return;
      called = true;
      unacknowledged--;
      if (large) largeUnderWay = false;
      drain();
      if (unacknowledged === 0) for (const waiter of waiters.splice(0)) waiter();
    });
  }

  function drain(): void {
    for (let head = queue[0]; head && mayGo(head.large); head = queue[0]) {
      queue.shift();
      go(head);
    }
  }

  return {
    enter: (bytes, send) => {
      const frame = { large: bytes > SMALL_FRAME, send };
      // Order is kept: once a large frame waits, the small ones behind it wait too.
      if (queue.length === 0 && mayGo(frame.large)) go(frame);
      else queue.push(frame);
    },
    drained: () =>
      unacknowledged === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve)),
    reset: () => {
      generation++;
      unacknowledged = 0;
      largeUnderWay = false;
      const released = queue;
      queue = [];
      for (const waiter of waiters.splice(0)) waiter();
      for (const frame of released) go(frame);
    },
  };
}
