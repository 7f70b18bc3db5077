/**
 * Back-pressure: when the store is slow or the event loop lags, new messages are refused early with 503, so that what
 * is in hand gets done. An accepted message that waits too long for its commit would time out at the sender anyway.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface OverloadLimits {
  /** Messages that may wait for their commit. */
  readonly maxPending: number;
  /** Milliseconds by which the event loop may lag, and for which a request may have waited to be read. */
  readonly maxLag: number;
}

export interface OverloadSources {
  /** How long the request that was read last had waited, ms. */
  readonly late: () => number;
}

export interface Overload {
  /** Why a new message is refused now; undefined: it is welcome. */
  reason(): string | undefined;
  /** A message waits for its commit; call the result when it is done. */
  pending(): () => void;
  close(): void;
}

/** The lag is that of the last so many ms; and one pause, after which all is soon read, is no overload: it must last for so long. */
const WINDOW_MS = 1_000;

export function createOverload(
  { maxPending, maxLag }: OverloadLimits,
  sources: OverloadSources = { late: () => 0 },
): Overload {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let waiting = 0;
  let lag = 0;
  let late: { since: number; last: number } | undefined;
  const timer = setInterval(() => {
    // Half of all turns were later than this: one long turn (a large read) is no overload.
    lag = delay.percentile(50) / 1e6 - 20;
    delay.reset();
  }, WINDOW_MS);
  timer.unref();

  /** Has each request of the last second waited too long? */
  function isLate(waited: number): boolean {
    const now = performance.now();
    if (waited <= maxLag) late = undefined;
    else if (late === undefined || now - late.last > WINDOW_MS) late = { since: now, last: now };
    else late.last = now;
    return late !== undefined && now - late.since >= WINDOW_MS;
  }

  return {
    reason: () => {
      if (waiting >= maxPending) return `${waiting} messages wait for the store`;
      const waited = sources.late();
      if (isLate(waited)) return `requests are read ${Math.round(waited)} ms after they came`;
      if (lag > maxLag) return `the event loop lags by ${Math.round(lag)} ms`;
      return undefined;
    },
    pending: () => {
      waiting++;
      let done = false;
      return () => {
        if (!done) waiting--;
        done = true;
      };
    },
    close: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
